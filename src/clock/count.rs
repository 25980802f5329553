//! The machine's count: it only goes forward, nobody sets it, and it goes on while the machine sleeps.
//!
//! `std::time::Instant` stands still meanwhile: whoever counted a lease by that would believe, after waking up, that it still has what
//! another took over long ago. The system is asked, not a file in `/proc`: the unit for systemd hides what is there of the whole machine.
//! What no count of a machine knows is for how long it was paused from outside, as a virtual one by its host.

use rustix::time::{ClockId, clock_gettime};

/// A count from when it was begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    began: i64,
}

impl Count {
    /// Begins now.
    pub(super) fn begin() -> Self {
        Self { began: since_start() }
    }

    /// Microseconds since it was begun.
    pub(super) fn passed(&self) -> i64 {
        since_start().saturating_sub(self.began)
    }
}

/// Microseconds since the machine was started.
pub(super) fn since_start() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_count_that_goes_on_while_the_machine_sleeps() {
        // The kernel tells the same count here, cut to hundredths of a second.
        let (before, text) = (since_start(), std::fs::read_to_string("/proc/uptime").unwrap());
        let after = since_start();
        let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
        let told = (seconds * 1e6) as i64;
        assert!((before - 20_000..=after).contains(&told), "{before} {told} {after}");
    }

    #[test]
    fn it_begins_at_nothing_and_goes_forward() {
        let count = Count::begin();
        let first = count.passed();
        assert!((0..60_000_000).contains(&first) && count.passed() >= first);
    }
}
