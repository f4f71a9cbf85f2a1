//! A websocket, of whichever spelling.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderName},
};

use super::PATIENCE;

/// What a socket heard.
#[derive(Debug)]
pub enum Heard {
    /// A text.
    Text(String),
    /// The end, with its code if one was said.
    End(Option<u16>),
}

/// One end of a websocket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects; a refusal is its status.
    pub async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let tcp = TcpStream::connect(address).await.map_err(|_| 0u16)?;
        Self::over(tcp, address, path, headers).await
    }

    /// Connects with next to no room for what is not read yet.
    pub async fn open_narrow(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(4_096).unwrap();
        Self::over(tcp.connect(address).await.unwrap(), address, path, headers).await
    }

    async fn over(
        tcp: TcpStream,
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let _ = tcp.set_nodelay(true);
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        match timeout(PATIENCE, client_async(request, tcp)).await.expect("an answer in time") {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// Sends a text. That the other end is gone shows when listening.
    pub async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any frame.
    pub async fn send(&mut self, message: Message) {
        let _ = self.0.send(message).await;
    }

    /// Puts a text in line; [`Socket::push`] sends what is there.
    pub async fn feed(&mut self, text: &str) {
        let _ = self.0.feed(Message::text(text)).await;
    }

    /// Sends what waits.
    pub async fn push(&mut self) {
        let _ = self.0.flush().await;
    }

    /// The next text, or the end; however long it takes.
    pub async fn listen(&mut self) -> Heard {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    return Heard::End(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::End(None),
            }
        }
    }

    /// The next text, or the end, within the limit.
    pub async fn next(&mut self) -> Heard {
        timeout(PATIENCE, self.listen()).await.expect("something to hear")
    }

    /// The code with which it ends, whatever is said before.
    pub async fn end(&mut self) -> Option<u16> {
        let end = async {
            loop {
                if let Heard::End(code) = self.listen().await {
                    return code;
                }
            }
        };
        timeout(PATIENCE, end).await.expect("an end")
    }
}
