//! Many sockets that subscribe to a room, send nothing, and reconnect when they are lost.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use shared::{
    ids::RoomId,
    live::{ClientFrame, ServerFrame},
};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use super::context::FaultContext;
use crate::api::{Session, open_socket};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum of the first delay before a reconnect, and of all delays.
const BACKOFF: [Duration; 2] = [Duration::from_millis(1_000), Duration::from_millis(4_000)];
/// 10 000 read buffers of the default size (128 KiB) would take more than 1 GB.
const READ_BUFFER_BYTES: usize = 1_024;

/// Sockets that subscribe to one room. Dropping the value closes them.
pub struct IdleSockets {
    count: usize,
    connected: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// The address to which sockets connect, their session, and the room to which they subscribe.
#[derive(Clone)]
pub struct SocketTarget {
    address: SocketAddr,
    token: String,
    room: RoomId,
}

impl SocketTarget {
    /// The quiet room, at a node or a proxy.
    pub fn quiet_room(context: &FaultContext, address: SocketAddr) -> Result<Self> {
        let room = *context.fixture.rooms.last().context("there is no room")?;
        Ok(Self { address, token: context.fixture.users[0].token.clone(), room })
    }
}

impl IdleSockets {
    pub fn open(count: usize, target: &SocketTarget) -> Self {
        let connected = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            tasks.spawn(stay_connected(target.clone(), Arc::clone(&connected)));
        }
        Self { count, connected, _tasks: tasks }
    }

    /// Waits until this share (0 to 1) of the sockets is subscribed. Fails after `time_limit`.
    pub async fn wait_until_connected(&self, share: f64, time_limit: Duration) -> Result<()> {
        let enough = (self.count as f64 * share).ceil() as usize;
        let connected = || self.connected.load(Relaxed);
        let wait = async {
            while connected() < enough {
                sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(time_limit, wait).await.is_err() {
            bail!("{} of {} sockets are connected after {time_limit:?}", connected(), self.count);
        }
        Ok(())
    }
}

/// Reconnects forever with exponential backoff, as browsers do.
async fn stay_connected(target: SocketTarget, connected: Arc<AtomicUsize>) {
    let mut max_delay = BACKOFF[0];
    loop {
        sleep(max_delay.mul_f64(fastrand::f64())).await;
        let was_connected = listen(&target, &connected).await.is_ok();
        max_delay = if was_connected { BACKOFF[0] } else { (max_delay * 2).min(BACKOFF[1]) };
    }
}

/// Subscribes and reads until the socket ends. Fails if it cannot subscribe.
async fn listen(target: &SocketTarget, connected: &AtomicUsize) -> Result<()> {
    let connect = async {
        let tcp = TcpStream::connect(target.address).await?;
        let session = Session { node: target.address, token: &target.token };
        let config = WebSocketConfig::default();
        let config = config.read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        let mut socket = open_socket(tcp, session, config).await?;
        let subscribe = ClientFrame::Subscribe { room: target.room, after_rev: None };
        socket.send(Message::text(serde_json::to_string(&subscribe)?)).await?;
        loop {
            let message = socket.next().await.context("closed before subscribed")??;
            let Message::Text(text) = message else { continue };
            if let Ok(ServerFrame::Subscribed { .. }) = serde_json::from_str(&text) {
                return anyhow::Ok(socket);
            }
        }
    };
    let mut socket = timeout(CONNECT_TIMEOUT, connect).await??;
    connected.fetch_add(1, Relaxed);
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            break;
        }
    }
    connected.fetch_sub(1, Relaxed);
    Ok(())
}
