//! Many sockets that only listen, and come back when they are lost.

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
    live::{ClientFrame, SUBPROTOCOL, ServerFrame},
    paths,
};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use super::scene::Scene;

/// How long a server may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest first wait, and the longest of all.
const WAITS: [Duration; 2] = [Duration::from_millis(1_000), Duration::from_millis(4_000)];

/// Sockets that are subscribed to one room.
pub struct Idlers {
    count: usize,
    here: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// Where they go, and as whom.
#[derive(Clone)]
pub struct Way {
    /// The server.
    pub address: SocketAddr,
    /// The token of a sign-in.
    pub token: String,
    /// The room.
    pub room: RoomId,
}

impl Way {
    /// To a server, or a proxy before some, and the room in which little is said: whoever listens
    /// there is there for the coming back.
    pub fn quiet(scene: &Scene, address: SocketAddr) -> Result<Self> {
        let room = *scene.stage.rooms.last().context("there is no room")?;
        Ok(Self { address, token: scene.stage.people[0].token.clone(), room })
    }
}

impl Idlers {
    /// Opens so many. They end with the value.
    pub fn open(count: usize, way: &Way) -> Self {
        let here = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            tasks.spawn(stay(way.clone(), Arc::clone(&here)));
        }
        Self { count, here, _tasks: tasks }
    }

    /// How many are subscribed.
    pub fn here(&self) -> usize {
        self.here.load(Relaxed)
    }

    /// Waits until this share (0 to 1) of them is subscribed.
    pub async fn gathered(&self, share: f64, within: Duration) -> Result<()> {
        let enough = (self.count as f64 * share).ceil() as usize;
        let gather = async {
            while self.here() < enough {
                sleep(Duration::from_millis(10)).await;
            }
        };
        match timeout(within, gather).await {
            Ok(()) => Ok(()),
            Err(_) => {
                bail!("{} of {} sockets are there after {within:?}", self.here(), self.count)
            }
        }
    }
}

/// Comes back for ever, the later the more often it failed, as browsers do.
async fn stay(way: Way, here: Arc<AtomicUsize>) {
    let mut most = WAITS[0];
    loop {
        sleep(most.mul_f64(fastrand::f64())).await;
        let was_here = visit(&way, &here).await.unwrap_or(false);
        most = if was_here { WAITS[0] } else { (most * 2).min(WAITS[1]) };
    }
}

/// Listens until the socket ends; whether it was let in.
async fn visit(way: &Way, here: &AtomicUsize) -> Result<bool> {
    let mut request = format!("ws://{}{}", way.address, paths::LIVE).into_client_request()?;
    let token = HeaderValue::try_from(format!("Bearer {}", way.token))?;
    request.headers_mut().insert(header::AUTHORIZATION, token);
    let protocol = HeaderValue::from_static(SUBPROTOCOL);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    let open = async {
        let tcp = TcpStream::connect(way.address).await?;
        // Ten thousand of the default size would take more than a gigabyte.
        let small = WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, tcp, Some(small)).await?;
        let subscribe = ClientFrame::Subscribe { room: way.room, after_rev: None };
        socket.send(Message::text(serde_json::to_string(&subscribe)?)).await?;
        loop {
            let message = socket.next().await.context("the end")??;
            let Message::Text(text) = message else { continue };
            if let Ok(ServerFrame::Subscribed { .. }) = serde_json::from_str(&text) {
                return anyhow::Ok(socket);
            }
        }
    };
    let mut socket = timeout(PATIENCE, open).await??;
    here.fetch_add(1, Relaxed);
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            break;
        }
    }
    here.fetch_sub(1, Relaxed);
    Ok(true)
}
