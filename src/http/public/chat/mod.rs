//! App chat on the public listener: the page in three languages, what makes it installable, the socket, and the uploads.
//!
//! No cookie: a chat is held by a token that lives in the page's memory and travels in frames and headers, never in a URL. The socket and
//! the uploads have time-outs of their own, so the listener's short one is not laid over these routes.

mod files;
mod page;
mod phrases;
mod socket;
mod talk;
mod words;

use crate::chat::Chats;
use crate::config::Chat;
use crate::lifecycle::Tasks;
use axum::Router;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What the chat is made from.
#[derive(Clone)]
pub struct ChatSite {
    chats: Arc<Chats>,
    tasks: Tasks,
    limits: Chat,
    places: Arc<Semaphore>,
    uploading: Arc<Semaphore>,
    line_name: Arc<str>,
    origin: Arc<str>,
    leave_to: Arc<str>,
}

impl ChatSite {
    /// Puts the chat together; `origin` is that of the public listener, *Leave quickly* leads to `leave_to`.
    pub fn new(chats: Chats, tasks: Tasks, limits: Chat, line_name: &str, origin: &str, leave_to: &str) -> Self {
        Self {
            chats: Arc::new(chats),
            tasks,
            places: Arc::new(Semaphore::new(limits.connections_most)),
            uploading: Arc::new(Semaphore::new(files::AT_A_TIME)),
            limits,
            line_name: line_name.into(),
            origin: origin.into(),
            leave_to: leave_to.into(),
        }
    }
}

/// The routes of the chat.
pub fn router(site: ChatSite) -> Router {
    Router::new().merge(page::routes()).merge(socket::routes()).merge(files::routes()).with_state(site)
}
