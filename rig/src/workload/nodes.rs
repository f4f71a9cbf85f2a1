//! Which node to go to, and how soon.

use std::{net::SocketAddr, time::Duration};

use tokio::sync::watch;

/// The nodes' addresses, which may change when one is started again.
#[derive(Clone)]
pub struct Nodes(pub watch::Receiver<Vec<SocketAddr>>);

impl Nodes {
    /// Any node, but not this one if there are others. None while there is no node.
    pub fn pick(&self, rng: &mut fastrand::Rng, but: Option<u32>) -> Option<(u32, SocketAddr)> {
        let nodes = self.0.borrow();
        let count = nodes.len() as u32;
        let others = count - u32::from(but.is_some_and(|but| but < count) && count > 1);
        if others == 0 {
            return None;
        }
        let nth = rng.u32(..others);
        let node = if others < count && but.is_some_and(|but| nth >= but) { nth + 1 } else { nth };
        Some((node, nodes[node as usize]))
    }

    /// All of them.
    pub fn all(&self) -> Vec<SocketAddr> {
        self.0.borrow().clone()
    }
}

/// How long to wait before the next try: twice as long each time, within limits, and nobody at the
/// same moment as everybody else.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first wait at most.
    pub least: Duration,
    /// Any wait at most.
    pub most: Duration,
}

impl Backoff {
    /// The wait after so many failures.
    pub fn wait(&self, failures: u32, rng: &mut fastrand::Rng) -> Duration {
        let most = self.least.saturating_mul(1 << failures.min(16)).min(self.most);
        most.mul_f64(0.5 + rng.f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_not_picked_again_while_there_is_another() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (change, nodes) = watch::channel(vec![address(1), address(2), address(3)]);
        let (nodes, mut rng) = (Nodes(nodes), fastrand::Rng::with_seed(7));
        let mut picks = |but| -> Vec<u32> {
            let mut all: Vec<_> =
                (0..100).map(|_| nodes.pick(&mut rng, but).map_or(99, |(node, _)| node)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        assert_eq!(picks(None), [0, 1, 2]);
        assert_eq!(picks(Some(0)), [1, 2]);
        assert_eq!(picks(Some(1)), [0, 2]);
        assert_eq!(picks(Some(2)), [0, 1]);
        change.send_replace(vec![address(1)]);
        assert_eq!(picks(Some(0)), [0], "the only one");
        change.send_replace(Vec::new());
        assert_eq!(picks(None), [99]);
    }

    #[test]
    fn waits_grow_to_a_limit() {
        let ms = Duration::from_millis;
        let backoff = Backoff { least: ms(100), most: ms(1_000) };
        let mut rng = fastrand::Rng::with_seed(7);
        assert!((ms(50)..=ms(100)).contains(&backoff.wait(0, &mut rng)));
        assert!((ms(200)..=ms(400)).contains(&backoff.wait(2, &mut rng)));
        assert!((ms(500)..=ms(1_000)).contains(&backoff.wait(60, &mut rng)));
    }
}
