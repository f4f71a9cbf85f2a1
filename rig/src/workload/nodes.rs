//! The choice of a node, and the delay before a retry.

use std::{net::SocketAddr, time::Duration};

use tokio::sync::watch;

/// The addresses of the nodes; they may change when a node restarts.
#[derive(Clone)]
pub struct Nodes(pub watch::Receiver<Vec<SocketAddr>>);

impl Nodes {
    /// A random node, not `avoid` if there is another one. `None` while there is no node.
    pub fn pick(&self, rng: &mut fastrand::Rng, avoid: Option<u32>) -> Option<(u32, SocketAddr)> {
        let nodes = self.0.borrow();
        let all = || (0..).zip(nodes.iter().copied());
        let others: Vec<_> = all().filter(|(node, _)| Some(*node) != avoid).collect();
        let choice = rng.choice(others);
        choice.or_else(|| all().next())
    }

    pub fn all(&self) -> Vec<SocketAddr> {
        self.0.borrow().clone()
    }
}

/// Exponential backoff with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The upper limit of the delay after 0 failures. It doubles with each failure.
    pub min: Duration,
    /// The upper limit of every delay.
    pub max: Duration,
}

impl Backoff {
    /// A random delay between half of the limit and the limit.
    pub fn delay(&self, failures: u32, rng: &mut fastrand::Rng) -> Duration {
        let limit = self.min.saturating_mul(1 << failures.min(16)).min(self.max);
        limit.mul_f64(0.5 + rng.f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pick_avoids_a_node_while_there_is_another() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (change, nodes) = watch::channel(vec![address(1), address(2), address(3)]);
        let (nodes, mut rng) = (Nodes(nodes), fastrand::Rng::with_seed(7));
        let mut picks = |avoid| -> Vec<u32> {
            let pick = |_| nodes.pick(&mut rng, avoid).map_or(99, |(node, _)| node);
            let mut all: Vec<_> = (0..100).map(pick).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        assert_eq!(picks(None), [0, 1, 2]);
        assert_eq!(picks(Some(0)), [1, 2]);
        assert_eq!(picks(Some(1)), [0, 2]);
        assert_eq!(picks(Some(2)), [0, 1]);
        change.send_replace(vec![address(1)]);
        assert_eq!(picks(Some(0)), [0], "the only node");
        change.send_replace(Vec::new());
        assert_eq!(picks(None), [99]);
    }

    #[test]
    fn delays_grow_to_a_limit() {
        let ms = Duration::from_millis;
        let backoff = Backoff { min: ms(100), max: ms(1_000) };
        let mut rng = fastrand::Rng::with_seed(7);
        assert!((ms(50)..=ms(100)).contains(&backoff.delay(0, &mut rng)));
        assert!((ms(200)..=ms(400)).contains(&backoff.delay(2, &mut rng)));
        assert!((ms(500)..=ms(1_000)).contains(&backoff.delay(60, &mut rng)));
    }
}
