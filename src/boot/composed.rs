//! Everything a node is made of, put together on a store. Nothing of it runs before [`Composed::work`].

use super::doors;
use super::line::{call_back, facts, line, portal_site};
use crate::carriers::{Carriers, carriers};
use crate::chat::Chats;
use crate::clock::Clock;
use crate::config::Config;
use crate::deployment::{NO_ACCOUNT, refusal};
use crate::desk::Desk;
use crate::desk::directory::DirectoryReader;
use crate::drills::Schedule;
use crate::entropy::Entropy;
use crate::http::ops::Ops;
use crate::http::public::site::ReporterSite;
use crate::http::public::webhooks::Webhooks;
use crate::http::{ops, public, staff};
use crate::intake::Intake;
use crate::intake::steering::Steering;
use crate::lifecycle::Tasks;
use crate::links::keeper::Keeper;
use crate::links::tester::Tester;
use crate::live::Live;
use crate::login::Login;
use crate::mailboxes::Mailboxes;
use crate::media;
use crate::media::copy::copier::Copier;
use crate::media::files::Files;
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
use crate::store::{Store, StoreError};
use crate::vault::Vault;
use crate::watch::{self, Watching};
use anyhow::Context;
use axum::Router;
use domain::channel::Means;
use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;

/// What everything stands on.
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) clock: Clock,
    pub(super) live: Live,
    /// How this run is named in leases.
    pub(super) node: String,
    /// Whether other nodes may work on the same database.
    pub(super) is_shared: bool,
    pub(super) tasks: Tasks,
    /// Those that end after all others.
    pub(super) store_tasks: Tasks,
}

/// A node that takes what comes as soon as its routers are served, and does something of its own as soon as it works.
pub(super) struct Composed {
    ground: Ground,
    carriers: Carriers,
    wake: Wake,
    pub(super) leases: Leases,
    files: Files,
    pub(super) spool: Spool,
    intake: Intake,
    desk: Arc<Desk>,
    outbox: Outbox,
}

impl Composed {
    /// Puts it together.
    pub(super) fn of(config: &Config, ground: Ground) -> anyhow::Result<Self> {
        let Ground { store, vault, clock, node, is_shared, tasks, store_tasks, .. } = &ground;
        let mut carriers = carriers(config, clock)?;
        let (lanes, answers) = (std::mem::take(&mut carriers.lanes), std::mem::take(&mut carriers.answers));
        let routes = Arc::new(Routes::new(lanes).ok_or_else(|| refusal(NO_ACCOUNT))?.with_answers(answers));
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
        let files = Files::new(config.media.files(), vault.clone());
        let spool = open_spool(config, vault, store_tasks)?;
        let directory = DirectoryReader::new(store.clone(), clock.clone());
        let line = Arc::new(line(config));
        let senders = Arc::new(std::mem::take(&mut carriers.senders));
        let compose = Compose {
            store: store.clone(),
            vault: vault.clone(),
            directory: directory.clone(),
            routes: routes.clone(),
            line: line.clone(),
            detections: Arc::new(std::mem::take(&mut carriers.detections)),
        };
        let intake = Intake::new(vault.clone(), progress.clone(), directory.clone(), line.clone(), files.clone(), spool.clone())
            .with_steering(Steering::new(senders.clone(), tasks.clone()));
        let intake = if *is_shared { intake.beside_others() } else { intake };
        let desk = Arc::new(Desk {
            store: store.clone(),
            vault: vault.clone(),
            files: files.clone(),
            clock: clock.clone(),
            entropy,
            directory,
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
        let leases = Leases::default();
        let outbox = Outbox {
            progress,
            compose,
            senders,
            clock: clock.clone(),
            limits: Arc::new(limits),
            paces: Paces::of(routes.lanes()),
            leases: leases.clone(),
            node: node.clone(),
            stopping: tasks.stopping(),
        };
        Ok(Self { carriers, wake, leases, files, spool, intake, desk, outbox, ground })
    }

    fn routes(&self) -> &Arc<Routes> {
        &self.outbox.progress.routes
    }

    /// Looks whether all is well.
    pub(super) fn readiness(&self, config: &Config) -> Readiness {
        Readiness {
            store: self.ground.store.clone(),
            clock: self.ground.clock.clone(),
            spool: self.spool.clone(),
            routes: self.routes().clone(),
            directory: self.desk.directory.clone(),
            leaving: self.ground.tasks.leaving(),
            patience: config.operations.heartbeat.patience,
            steps: Arc::default(),
        }
    }

    /// What is served: to the world, to staff, to operators.
    pub(super) fn routers(&self, config: &Config, operators: Ops) -> [Router; 3] {
        let Ground { store, vault, clock, live, tasks, .. } = &self.ground;
        let (desk, entropy) = (&self.desk, Entropy);
        let webhooks = Webhooks {
            accounts: Arc::new(self.carriers.webhooks.clone()),
            intake: self.intake.clone(),
            body_most: config.limits.webhook_body_bytes,
        };
        let receipts = public::receipt::ReceiptSite {
            desk: Arc::new(self.intake.clone()),
            line_name: config.line.name.clone(),
            call_back: call_back(config),
            zone: config.line.zone.clone(),
        };
        let portal = portal_site(config, Portal::start(desk.clone(), self.outbox.clone(), tasks));
        let chats = Chats {
            store: store.clone(),
            vault: vault.clone(),
            intake: self.intake.clone(),
            progress: desk.progress.clone(),
            live: live.clone(),
            clock: clock.clone(),
            entropy,
            uploads: Uploads::new(config.media.uploads(), vault.clone(), clock.clone(), entropy),
        };
        chats.uploads.start_sweeping(tasks);
        let (origin, leave_to) = (config.public.origin.as_str(), &config.reporters.leave_to);
        let chat = public::chat::ChatSite::new(chats, tasks.clone(), config.chat.clone(), &config.line.name, origin, leave_to);
        let reporters = ReporterSite::new(
            self.intake.clone(),
            vault.clone(),
            desk.progress.clone(),
            desk.directory.clone(),
            facts(config),
            tasks.clone(),
        );
        let site = staff::StaffSite {
            desk: desk.clone(),
            login: Arc::new(Login::new(store.clone(), clock.clone(), entropy)),
            live: live.clone(),
            clock: clock.clone(),
            origin: config.staff.origin.to_string(),
            line_name: config.line.name.clone(),
            zone: config.line.zone.clone(),
            stop: tasks.stopping(),
        };
        let public = doors::public(config, (webhooks, receipts, portal), reporters, public::chat::router(chat));
        [public, staff::router(site), ops::router(operators)]
    }

    /// Starts everything that works by itself, from where a former run left it.
    pub(super) async fn work(self, config: &Config) -> anyhow::Result<()> {
        self.warn().await?;
        let routes = self.routes().clone();
        let Self { ground, carriers, wake, leases, files, spool, intake, desk, outbox } = self;
        let Ground { store, vault, clock, live, node, tasks, .. } = ground;
        let entropy = Entropy;
        let keeper =
            Keeper { store: store.clone(), clock: clock.clone(), routes: routes.clone(), wake: wake.clone(), leases: leases.clone() };
        keeper.restore().await?;
        tasks.spawn("links", keeper.run(tasks.stopping()));
        let tester = Tester {
            routes,
            senders: outbox.senders.clone(),
            store: store.clone(),
            paces: outbox.paces.clone(),
            leases: leases.clone(),
            vault: vault.clone(),
            clock: clock.clone(),
            entropy,
            settings: config.links.clone(),
        };
        let (progress, lease) = (outbox.progress.clone(), outbox.limits.lane_lease);
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
        Watching::new(progress, desk.directory.clone(), desk.calendars.clone(), config.line.name.clone(), node.clone())
            .start(leases, &tasks);
        tasks
            .spawn("sweep of files", Sweep { store: store.clone(), files, clock: clock.clone(), node: node.clone() }.run(tasks.stopping()));
        let settings = config.reconcile.clone();
        Reconcile { intake: intake.clone(), store: store.clone(), clock: clock.clone(), entropy, node: node.clone(), settings }
            .start(carriers.inboxes, &tasks);
        let intake = Arc::new(intake);
        let mailboxes = Mailboxes { store: store.clone(), intake: intake.clone(), clock: clock.clone(), node: node.clone(), lease };
        for mailbox in carriers.mailboxes {
            mailboxes.keep(mailbox, &tasks);
        }
        Similar { store, vault, clock: clock.clone(), entropy, live, node: node.clone(), lease }.start(&tasks);
        Schedule { desk, clock: clock.clone(), settings: config.drills.clone(), node }.start(&tasks);
        if let Some(drain) = Drain::new(&spool, intake, clock, entropy) {
            tasks.spawn("spool drain", drain.run(tasks.stopping()));
        }
        Ok(())
    }

    /// Says what is not as the procedures want it.
    async fn warn(&self) -> Result<(), StoreError> {
        for means in [Means::Call, Means::Mail] {
            if !self.routes().serves(means) {
                tracing::warn!("no account can {}: a Critical tip cannot be told as the procedures want", means.as_str());
            }
        }
        if self.ground.store.directory().await?.addresses.iter().any(|row| row.index.is_none()) {
            tracing::warn!(
                "the directory was imported by an older version, so nothing that comes from an enduser is known as theirs: no login, OK or \
                 STOP. Import it again: tipline directory import"
            );
        }
        Ok(())
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

/// The spool. Its drain starts with the outbox; its writer ends after everybody who could bring letters.
fn open_spool(config: &Config, vault: &Arc<Vault>, tasks: &Tasks) -> anyhow::Result<Spool> {
    let tasks = tasks.clone();
    let spawn = move |name: &'static str, task| tasks.spawn(name, task);
    Spool::open(&config.spool, vault.clone(), &spawn).map_err(refusal)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
