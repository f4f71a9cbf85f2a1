//! The requests and the socket that index.html starts while the WASM loads. On a slow line, each request
//! that is sent only after the one before it costs half a second.

use gloo_net::http::Response;
use js_sys::{Array, Promise, Reflect, futures::JsFuture};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::WebSocket;

/// Takes the response to a request, if index.html has started that request.
pub(super) async fn take_response(path: &str) -> Option<Response> {
    let promise: Promise = take(path)?.dyn_into().ok()?;
    let response = JsFuture::from(promise).await.ok()?;
    let response: Response = response.dyn_into::<web_sys::Response>().ok()?.into();
    // An error may be out of date, for example from before the sign-in.
    response.ok().then_some(response)
}

/// Takes the live socket that index.html has opened, with the frames that it has received.
pub fn take_socket() -> Option<(WebSocket, Vec<String>)> {
    let socket: WebSocket = take("socket")?.dyn_into().ok()?;
    socket.set_onmessage(None);
    let frames = take("frames")?.dyn_into::<Array>().ok()?;
    let is_open = matches!(socket.ready_state(), WebSocket::CONNECTING | WebSocket::OPEN);
    is_open.then(|| (socket, frames.iter().filter_map(|frame| frame.as_string()).collect()))
}

/// Takes a property of `window.early`. Each is used once.
fn take(name: &str) -> Option<JsValue> {
    let early = Reflect::get(&window(), &"early".into()).ok()?;
    let value = Reflect::get(&early, &name.into()).ok().filter(|value| !value.is_undefined())?;
    Reflect::delete_property(&early.into(), &name.into()).ok()?;
    Some(value)
}
