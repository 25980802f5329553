//! The composition root: from a configuration to a running gateway, and to its end.
//!
//! Everything is made here once and handed to those who need it. What can be refused is refused before a port is open: a
//! missing or wrong key, a database of another schema, an account that cannot work, a port in use.

mod line;
mod operating;

pub use operating::serve;

use crate::carriers::carriers;
use crate::chat::Chats;
use crate::clock::Clock;
use crate::clock::database;
use crate::config::Config;
use crate::deployment::{self, NO_ACCOUNT, refusal};
use crate::desk::Desk;
use crate::desk::directory::DirectoryReader;
use crate::drills::Schedule;
use crate::entropy::Entropy;
use crate::http::public::site::ReporterSite;
use crate::http::public::webhooks::Webhooks;
use crate::http::{ops, public, staff};
use crate::intake::Intake;
use crate::intake::steering::Steering;
use crate::lifecycle::{Ending, SHUTDOWN_DEADLINE, Tasks};
use crate::links::keeper::Keeper;
use crate::links::tester::Tester;
use crate::live::Live;
use crate::login::Login;
use crate::mailboxes::Mailboxes;
use crate::media;
use crate::media::copy::copier::Copier;
use crate::media::files::Files;
use crate::media::shared;
use crate::media::sweep::Sweep;
use crate::media::uploads::Uploads;
use crate::media::worker::Worker;
use crate::outbox::compose::Compose;
use crate::outbox::lease::Leases;
use crate::outbox::pace::Paces;
use crate::outbox::wake::Wake;
use crate::outbox::{Limits, Outbox};
use crate::portal::Portal;
use crate::progress::Progress;
use crate::progress::people::People;
use crate::progress::routes::Routes;
use crate::readiness::Readiness;
use crate::reconcile::Reconcile;
use crate::similar::Similar;
use crate::spool::Spool;
use crate::spool::drain::Drain;
use crate::store::Store;
use crate::telemetry::{self, recorder};
use crate::vault::Vault;
use crate::watch::{self, Watching};
use anyhow::Context;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use domain::channel::Means;
use jiff::SignedDuration;
use line::{call_back, facts, line, portal_site};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// A gateway that runs.
pub struct Gateway {
    /// Where carriers, reporters and endusers come.
    pub public: SocketAddr,
    /// Where staff come.
    pub staff: SocketAddr,
    /// Where operators come.
    pub ops: SocketAddr,
    /// The store, for tests and checks.
    pub store: Arc<dyn Store>,
    spool: Spool,
    node: String,
    tasks: Tasks,
    store_tasks: Tasks,
    over: CancellationToken,
}

/// Starts everything; returns when all listeners are open.
pub async fn start(config: &Config, clock: Clock) -> anyhow::Result<Gateway> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let (tasks, live) = (Tasks::default(), Live::default());
    let store_tasks = tasks.outliving();
    tasks.spawn("log lines left out", telemetry::pace::tell(tasks.stopping()));
    let metrics = recorder::start().context("start counting")?;
    let listeners = [
        listen(config.public.listen, "public").await?,
        listen(config.staff.listen, "staff").await?,
        listen(config.ops_listen, "ops").await?,
    ];
    let (store, vault) = deployment::open(config, &store_tasks, &live, true).await?;
    let (clock, is_shared) = database::clock_of(&store, clock, &tasks).await?;
    if is_shared {
        shared::prove(&*store, &config.media.folder, &clock, Entropy).await.map_err(refusal)?;
        tasks.spawn("net below the news", live.clone().keep_looking(tasks.stopping()));
    }
    let node = deployment::run_name(config)?;
    let carriers = carriers(config, &clock)?;
    let routes = Arc::new(Routes::new(carriers.lanes).ok_or_else(|| refusal(NO_ACCOUNT))?.with_answers(carriers.answers));
    for means in [Means::Call, Means::Mail] {
        if !routes.serves(means) {
            tracing::warn!("no account can {}: a Critical tip cannot be told as the procedures want", means.as_str());
        }
    }
    let (entropy, policy) = (Entropy, Arc::new(config.policy().clone()));
    let wake = Wake::new(routes.lanes().map(|lane| lane.key.clone()).chain([media::lane(), watch::lane()]));
    let progress = Progress {
        store: store.clone(),
        clock: clock.clone(),
        entropy,
        policy: policy.clone(),
        routes: routes.clone(),
        wake: wake.clone(),
        people: People::new(store.clone(), clock.clone(), config),
    };
    if store.directory().await?.addresses.iter().any(|row| row.index.is_none()) {
        tracing::warn!(
            "the directory was imported by an older version, so nothing that comes from an enduser is known as theirs: no login, OK or STOP. \
             Import it again: tipline directory import"
        );
    }
    let leases = Leases::default();
    let (keeper_clock, keeper_wake) = (clock.clone(), wake.clone());
    let keeper = Keeper { store: store.clone(), clock: keeper_clock, routes: routes.clone(), wake: keeper_wake, leases: leases.clone() };
    keeper.restore().await?;
    tasks.spawn("links", keeper.run(tasks.stopping()));
    let files = Files::new(config.media.files(), vault.clone());
    let spool = open_spool(config, &vault, &store_tasks)?;
    let directory = DirectoryReader::new(store.clone(), clock.clone());
    let line = Arc::new(line(config));
    let senders = Arc::new(carriers.senders);
    let compose = Compose {
        store: store.clone(),
        vault: vault.clone(),
        directory: directory.clone(),
        routes: routes.clone(),
        line: line.clone(),
        detections: Arc::new(carriers.detections),
    };
    let intake = Intake::new(vault.clone(), progress.clone(), directory.clone(), line.clone(), files.clone(), spool.clone())
        .with_steering(Steering::new(senders.clone(), tasks.clone()));
    let intake = if is_shared { intake.beside_others() } else { intake };
    let desk = Arc::new(Desk {
        store: store.clone(),
        vault: vault.clone(),
        files: files.clone(),
        clock: clock.clone(),
        entropy,
        directory: directory.clone(),
        catalogue: Arc::new(config.catalogue().clone()),
        calendars: Arc::new(config.calendars().clone()),
        policy,
        progress: progress.clone(),
        line,
    });
    let limits = Limits {
        lease: signed(config.outbox.lease),
        lane_lease: signed(config.outbox.lane_lease),
        in_flight_most: config.outbox.in_flight_most,
    };
    let outbox = Outbox {
        progress: progress.clone(),
        compose,
        senders,
        clock: clock.clone(),
        limits: Arc::new(limits),
        paces: Paces::of(routes.lanes()),
        leases: leases.clone(),
        node: node.clone(),
        stopping: tasks.stopping(),
    };
    let tester = Tester {
        routes: routes.clone(),
        senders: outbox.senders.clone(),
        store: store.clone(),
        paces: outbox.paces.clone(),
        leases: leases.clone(),
        vault: vault.clone(),
        clock: clock.clone(),
        entropy,
        settings: config.links.clone(),
    };
    let outbox_of_codes = outbox.clone();
    outbox.start(&tasks, &live);
    tester.start(&tasks);
    let worker = Worker {
        store: store.clone(),
        vault: vault.clone(),
        files: files.clone(),
        clock: clock.clone(),
        entropy,
        wake,
        carriers: Arc::new(carriers.media),
        copier: copier(config)?,
        most_bytes: config.media.most_bytes,
        node: node.clone(),
    };
    worker.start(leases.clone(), &tasks);
    Watching::new(progress.clone(), directory.clone(), desk.calendars.clone(), config.line.name.clone(), node.clone())
        .start(leases.clone(), &tasks);
    tasks.spawn("sweep of files", Sweep { store: store.clone(), files, clock: clock.clone(), node: node.clone() }.run(tasks.stopping()));
    let settings = config.reconcile.clone();
    Reconcile { intake: intake.clone(), store: store.clone(), clock: clock.clone(), entropy, node: node.clone(), settings }
        .start(carriers.inboxes, &tasks);
    let mailboxes = Mailboxes {
        store: store.clone(),
        intake: Arc::new(intake.clone()),
        clock: clock.clone(),
        node: node.clone(),
        lease: signed(config.outbox.lane_lease),
    };
    for mailbox in carriers.mailboxes {
        mailboxes.keep(mailbox, &tasks);
    }
    let similar = Similar {
        store: store.clone(),
        vault: vault.clone(),
        clock: clock.clone(),
        entropy,
        live: live.clone(),
        node: node.clone(),
        lease: signed(config.outbox.lane_lease),
    };
    similar.start(&tasks);
    Schedule { desk: desk.clone(), clock: clock.clone(), settings: config.drills.clone(), node: node.clone() }.start(&tasks);
    if let Some(drain) = Drain::new(&spool, Arc::new(intake.clone()), clock.clone(), entropy) {
        tasks.spawn("spool drain", drain.run(tasks.stopping()));
    }
    let webhooks = Webhooks { accounts: Arc::new(carriers.webhooks), intake: intake.clone(), body_most: config.limits.webhook_body_bytes };
    let chats = Chats {
        store: store.clone(),
        vault: vault.clone(),
        intake: intake.clone(),
        progress: desk.progress.clone(),
        live: live.clone(),
        clock: clock.clone(),
        entropy,
        uploads: Uploads::new(config.media.uploads(), vault.clone(), clock.clone(), entropy),
    };
    chats.uploads.start_sweeping(&tasks);
    let portal = portal_site(config, Portal::start(desk.clone(), outbox_of_codes, &tasks));
    let (origin, leave_to) = (config.public.origin.as_str(), &config.reporters.leave_to);
    let chat = public::chat::ChatSite::new(chats, tasks.clone(), config.chat.clone(), &config.line.name, origin, leave_to);
    let site = staff::StaffSite {
        desk,
        login: Arc::new(Login::new(store.clone(), clock.clone(), entropy)),
        live,
        clock: clock.clone(),
        origin: config.staff.origin.to_string(),
        line_name: config.line.name.clone(),
        zone: config.line.zone.clone(),
        stop: tasks.stopping(),
    };
    // Sockets and uploads last longer than a carrier waits: no short time-out is laid over the chat.
    let chat = public::chat::router(chat).layer(CatchPanicLayer::custom(panicked));
    let reporters = ReporterSite::new(intake.clone(), vault.clone(), progress.clone(), directory.clone(), facts(config), tasks.clone());
    let readiness = Readiness {
        store: store.clone(),
        clock,
        spool: spool.clone(),
        routes,
        directory,
        leaving: tasks.leaving(),
        patience: config.operations.heartbeat.patience,
        steps: Arc::default(),
    };
    let routers = [
        public_router(webhooks, intake, reporters, portal, config).merge(chat),
        staff::router(site),
        ops::router(operating::operate(config, (readiness, leases, node.clone()), metrics, &tasks)?),
    ];
    let [public, staff, ops] = [listeners[0].local_addr()?, listeners[1].local_addr()?, listeners[2].local_addr()?];
    // Operators can look until the very end.
    let over = CancellationToken::new();
    let ends = [(&tasks, tasks.stopping()), (&tasks, tasks.stopping()), (&store_tasks, over.clone())];
    for ((listener, router), (tasks, stopping)) in listeners.into_iter().zip(routers).zip(ends) {
        tasks.spawn("listener", async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(error = %error, "a listener ended");
            }
        });
    }
    tracing::info!(%public, %staff, %ops, "listening");
    Ok(Gateway { public, staff, ops, store, spool, node, tasks, store_tasks, over })
}

impl Gateway {
    /// Told when something inside asks for the end.
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }
    /// Says that the end is near: `/readyz` is 503 from now on, and everything goes on.
    pub fn leave(&self) {
        self.tasks.leave();
    }
    /// Stops taking work, finishes what is in flight, closes the store.
    pub async fn stop(self) -> Ending {
        self.tasks.stop();
        let ended = self.tasks.ended(SHUTDOWN_DEADLINE).await;
        // Everybody else needed the writer until they had ended.
        self.spool.close().await;
        // Mailboxes, looks for missed messages and the like: whatever was leased beside the lanes.
        if let Err(error) = self.store.release_lanes(self.node.clone()).await {
            tracing::warn!(error = %error, "leases were not given back; they end by themselves");
        }
        self.store.close().await;
        self.over.cancel();
        let written = self.store_tasks.ended(SHUTDOWN_DEADLINE).await;
        let ending = if ended == Ending::Clean { written } else { ended };
        tracing::info!(?ending, "stopped");
        ending
    }
}

/// Pictures are decoded by this program in a process of its own, or by the one that the operator names.
fn copier(config: &Config) -> anyhow::Result<Copier> {
    let program = match &config.media.worker {
        Some(program) => program.clone(),
        None => std::env::current_exe().context("this program's own file was not found; name it in media.worker")?,
    };
    Ok(Copier::new(program, config.media.copy))
}

fn public_router(
    webhooks: Webhooks,
    intake: Intake,
    reporters: ReporterSite,
    portal: public::portal::PortalSite,
    config: &Config,
) -> axum::Router {
    let receipts = public::receipt::ReceiptSite {
        desk: Arc::new(intake),
        line_name: config.line.name.clone(),
        call_back: call_back(config),
        zone: config.line.zone.clone(),
    };
    // A carrier gives up between 2 and 15 seconds: an answer that takes longer is a 503, and what is being committed is committed. The
    // reporter's pages have bounds of their own: a picture over a poor line takes minutes.
    public::webhooks::router(webhooks)
        .merge(public::receipt::router(receipts))
        .merge(public::portal::router(portal))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, config.limits.request))
        .merge(public::site::router(reporters))
        .layer(CatchPanicLayer::custom(panicked))
}

/// A bug breaks one answer, not the listener; the panic hook has counted it and logged its place.
fn panicked(_message: Box<dyn std::any::Any + Send>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The spool. Its drain starts with the outbox; its writer ends after everybody who could bring letters.
fn open_spool(config: &Config, vault: &Arc<Vault>, tasks: &Tasks) -> anyhow::Result<Spool> {
    let tasks = tasks.clone();
    let spawn = move |name: &'static str, task| tasks.spawn(name, task);
    Spool::open(&config.spool, vault.clone(), &spawn).map_err(refusal)
}

async fn listen(address: SocketAddr, name: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        refusal(format!(
            "the {name} listener cannot use {address} ({}): stop what uses it, or set {name}.listen to another port",
            error.kind()
        ))
    })
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
