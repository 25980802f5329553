//! What tests, benchmarks and the soak need around the gateway: private PostgreSQL clusters, a line that can be cut, a balancer, a disk that
//! fills up.
//!
//! [`Cluster`] is a whole PostgreSQL of one's own that can be killed, started again and followed by a replica; [`Line`] stands between a
//! client and any server and can be cut, delayed or left half open; [`Balancer`] stands before several servers. Knows nothing of tips and
//! depends on no crate of this workspace. Whatever is started here ends with this process, however it ends, and its folder goes with it.

mod balancer;
mod cluster;
pub mod disk;
mod line;
mod postgres;
mod shared;
mod small;
mod tls;

pub use balancer::Balancer;
pub use cluster::Cluster;
pub use line::Line;
pub use postgres::{PACKAGE, is_there};
pub use shared::{database, shared};
pub use small::Part;
