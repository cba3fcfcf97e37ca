//! The scheduler walked over many seeds beside a plain model of what is due and in flight.

use proptest::prelude::*;
use ringback_types::RecordId as _;

use super::*;

const ENDPOINTS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Arrive(usize),
    CompleteClaim(usize),
    Finish {
        nth: usize,
        succeeded: bool,
        retry_ms: i64,
    },
    /// The write that ends a success, and may take the next delivery, is on the disk.
    Written(usize),
    Pass(i64),
    Configure {
        endpoint: usize,
        concurrency: u32,
        open: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let endpoint = 0..ENDPOINTS;
    prop_oneof![
        4 => endpoint.clone().prop_map(Step::Arrive),
        4 => (0..8_usize).prop_map(Step::CompleteClaim),
        4 => (0..16_usize, prop::bool::weighted(0.5), 0..50_i64)
            .prop_map(|(nth, succeeded, retry_ms)| Step::Finish { nth, succeeded, retry_ms }),
        4 => (0..16_usize).prop_map(Step::Written),
        2 => (1..40_i64).prop_map(Step::Pass),
        1 => (endpoint, 1..4_u32, any::<bool>())
            .prop_map(|(endpoint, concurrency, open)| Step::Configure { endpoint, concurrency, open }),
    ]
}

/// What the record and the attempts would hold.
#[derive(Debug, Default, Clone)]
struct Modelled {
    due: Vec<i64>,
    in_flight: u32,
    failures: u32,
    concurrency: u32,
    open: bool,
}

impl Modelled {
    fn limit(&self) -> u32 {
        if self.failures >= 10 {
            self.concurrency.min(1)
        } else {
            self.concurrency
        }
    }
}

struct Walk {
    scheduler: Scheduler,
    limit: u32,
    now: i64,
    model: Vec<Modelled>,
    claims: Vec<Claim>,
    running: Vec<usize>,
    /// Successes that are being written, and whether the write takes the next delivery.
    writing: Vec<(usize, bool)>,
}

fn id(endpoint: usize) -> EndpointId {
    EndpointId::from_raw(endpoint as i64)
}

impl Walk {
    fn begin(limit: u32) -> Self {
        let model = vec![Modelled::default(); ENDPOINTS];
        let scheduler = Scheduler::new(limit);
        let mut walk = Self {
            scheduler,
            limit,
            now: 0,
            model,
            claims: Vec::new(),
            running: Vec::new(),
            writing: Vec::new(),
        };
        for endpoint in 0..ENDPOINTS {
            walk.configure(endpoint, 2, true);
        }
        walk
    }

    fn now(&self) -> ScheduleTime {
        ScheduleTime::from_millis(self.now)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Arrive(endpoint) => self.arrive(endpoint),
            Step::CompleteClaim(nth) if !self.claims.is_empty() => {
                self.complete(nth % self.claims.len());
            }
            Step::Finish {
                nth,
                succeeded,
                retry_ms,
            } if !self.running.is_empty() => {
                self.finish(nth % self.running.len(), succeeded, retry_ms);
            }
            Step::Written(nth) if !self.writing.is_empty() => {
                self.written(nth % self.writing.len());
            }
            Step::CompleteClaim(_) | Step::Finish { .. } | Step::Written(_) => {}
            Step::Pass(millis) => self.now += millis,
            Step::Configure {
                endpoint,
                concurrency,
                open,
            } => {
                self.configure(endpoint, concurrency, open);
            }
        }
        self.dispatch();
        self.check();
    }

    fn configure(&mut self, endpoint: usize, concurrency: u32, open: bool) {
        self.scheduler
            .configure(self.now(), id(endpoint), Allowed { concurrency, open });
        let model = &mut self.model[endpoint];
        (model.concurrency, model.open) = (concurrency, open);
    }

    fn arrive(&mut self, endpoint: usize) {
        let now = self.now();
        if self.scheduler.admit(now, id(endpoint)) {
            let due = &self.model[endpoint].due;
            assert!(
                due.iter().all(|due| *due > self.now),
                "an arrival overtook due work"
            );
            self.fly(endpoint, 1);
            self.running.push(endpoint);
        } else {
            self.model[endpoint].due.push(self.now);
            self.scheduler.queued(now, id(endpoint), now);
        }
    }

    fn fly(&mut self, endpoint: usize, slots: u32) {
        let model = &mut self.model[endpoint];
        model.in_flight += slots;
        assert!(
            model.open && model.in_flight <= model.limit(),
            "above the endpoint's limit"
        );
        let total: u32 = self.model.iter().map(|model| model.in_flight).sum();
        assert!(total <= self.limit, "above the limit over all");
    }

    fn dispatch(&mut self) {
        while let Some(claim) = self.scheduler.next_claim(self.now()) {
            self.fly(claim.endpoint.raw() as usize, claim.limit);
            self.claims.push(claim);
        }
    }

    fn complete(&mut self, nth: usize) {
        let claim = self.claims.swap_remove(nth);
        let endpoint = claim.endpoint.raw() as usize;
        let now = self.now;
        let model = &mut self.model[endpoint];
        model.due.sort_unstable();
        let ready = model.due.iter().filter(|due| **due <= now).count();
        let got = ready.min(claim.limit as usize);
        model.due.drain(..got);
        model.in_flight -= claim.limit - got as u32;
        let next = model.due.first().copied().map(ScheduleTime::from_millis);
        self.running.extend(std::iter::repeat_n(endpoint, got));
        self.scheduler.claimed(self.now(), claim, got as u32, next);
    }

    fn finish(&mut self, nth: usize, succeeded: bool, retry_ms: i64) {
        let endpoint = self.running.swap_remove(nth);
        if succeeded {
            let takes_next = self.scheduler.may_go_on(self.now(), id(endpoint));
            assert!(
                !takes_next || !self.others_wait(endpoint),
                "a slot goes on while others wait for one"
            );
            self.writing.push((endpoint, takes_next));
            return;
        }
        let at = self.now + retry_ms;
        let model = &mut self.model[endpoint];
        model.in_flight -= 1;
        model.failures += 1;
        model.due.push(at);
        self.scheduler
            .queued(self.now(), id(endpoint), ScheduleTime::from_millis(at));
        self.scheduler
            .finished(self.now(), id(endpoint), Some(false));
    }

    /// Whether all slots are taken and another endpoint has due work and could use one.
    fn others_wait(&self, endpoint: usize) -> bool {
        let total: u32 = self.model.iter().map(|model| model.in_flight).sum();
        let claiming = |other: usize| self.claims.iter().any(|claim| claim.endpoint == id(other));
        let waits = |(other, model): (usize, &Modelled)| {
            other != endpoint
                && model.open
                && model.in_flight < model.limit()
                && !claiming(other)
                && model.due.iter().any(|due| *due <= self.now)
        };
        total >= self.limit && self.model.iter().enumerate().any(waits)
    }

    /// The end of a success is on the disk, and with it the claim of the next delivery, if there is one.
    fn written(&mut self, nth: usize) {
        let (endpoint, takes_next) = self.writing.swap_remove(nth);
        let (now, model) = (self.now(), &mut self.model[endpoint]);
        model.due.sort_unstable();
        let ready = model.due.first().copied().filter(|due| *due <= self.now);
        let Some(due) = ready.filter(|_| takes_next) else {
            model.in_flight -= 1;
            model.failures = 0;
            self.scheduler.finished(now, id(endpoint), Some(true));
            return;
        };
        model.due.remove(0);
        model.failures = 0;
        let due_at = ScheduleTime::from_millis(due);
        if self.scheduler.goes_on(now, id(endpoint), due_at) {
            assert!(
                model.open && model.in_flight <= model.limit(),
                "above the endpoint's limit"
            );
            self.running.push(endpoint);
        } else {
            model.due.push(due);
            model.in_flight -= 1;
            self.scheduler.queued(now, id(endpoint), due_at);
            self.scheduler.finished(now, id(endpoint), None);
        }
    }

    /// An attempt succeeds, and its end is on the disk at once.
    fn succeed(&mut self, nth: usize) {
        self.finish(nth, true, 0);
        self.written(self.writing.len() - 1);
    }

    fn check(&self) {
        let total: u32 = self.model.iter().map(|model| model.in_flight).sum();
        assert_eq!(self.scheduler.in_flight(), total);
        for (endpoint, model) in self.model.iter().enumerate() {
            let claiming = self
                .claims
                .iter()
                .any(|claim| claim.endpoint == id(endpoint));
            let Some(earliest) = model.due.iter().min().filter(|_| model.open && !claiming) else {
                continue;
            };
            // Where no slot is free, whoever gives one back looks again.
            let full = total >= self.limit || model.in_flight >= model.limit();
            if *earliest > self.now && !full {
                let wake = self.scheduler.wake_at().expect("later work has a wake-up");
                assert!(wake.as_millis() <= *earliest, "the wake-up comes too late");
            } else if *earliest <= self.now {
                assert!(full, "due work and a free slot without a claim");
                assert!(!self.scheduler.is_quiet(self.now()));
            }
        }
    }

    /// Everything open and succeeding: all that is due is delivered within a bounded number of steps.
    fn drain(&mut self) {
        for endpoint in 0..ENDPOINTS {
            self.configure(endpoint, 2, true);
        }
        let left: usize = self.model.iter().map(|model| model.due.len()).sum();
        let under_way = self.running.len() + self.writing.len() + self.claims.len();
        for _ in 0..4 * (left + under_way + ENDPOINTS) {
            self.dispatch();
            self.check();
            while !self.claims.is_empty() {
                self.complete(0);
            }
            while !self.running.is_empty() {
                self.succeed(0);
            }
            while !self.writing.is_empty() {
                self.written(0);
            }
            if let Some(at) = self.scheduler.wake_at() {
                self.now = self.now.max(at.as_millis());
            }
        }
        assert!(
            self.model.iter().all(|model| model.due.is_empty()),
            "something is stuck"
        );
        assert!(self.scheduler.is_quiet(self.now()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_schedule_holds_its_limits_and_never_stalls(
        limit in 1..6_u32,
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut walk = Walk::begin(limit);
        for step in &steps {
            walk.take(step);
        }
        walk.drain();
    }
}

#[test]
fn the_turn_goes_round() {
    let mut walk = Walk::begin(1);
    for _ in 0..50 {
        (0..ENDPOINTS).for_each(|endpoint| walk.model[endpoint].due.push(0));
    }
    let now = walk.now();
    (0..ENDPOINTS).for_each(|endpoint| {
        walk.scheduler.queued(now, id(endpoint), now);
    });
    let mut order = Vec::new();
    for _ in 0..3 * ENDPOINTS {
        walk.dispatch();
        walk.complete(0);
        order.push(walk.running[0]);
        walk.succeed(0);
    }
    assert_eq!(order, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
}

#[test]
fn a_slot_goes_on_while_nobody_else_waits_for_it() {
    let mut walk = Walk::begin(2);
    for _ in 0..3 {
        walk.arrive(0);
    }
    walk.succeed(0);
    assert_eq!((walk.running.len(), walk.claims.len()), (2, 0), "goes on");
    for endpoint in [0, 1] {
        walk.arrive(endpoint);
    }
    walk.succeed(0);
    walk.dispatch();
    assert_eq!(walk.claims[0].endpoint, id(1), "its turn now");
}

#[test]
fn what_is_stopped_during_the_write_does_not_go_on() {
    for stop in [
        (|walk: &mut Walk| walk.configure(0, 2, false)) as fn(&mut Walk),
        |walk| walk.configure(0, 1, true),
        |walk| walk.scheduler.retain(|_| false),
        |walk| walk.scheduler.stop(),
    ] {
        let mut walk = Walk::begin(2);
        for _ in 0..3 {
            walk.arrive(0);
        }
        walk.finish(0, true, 0);
        assert_eq!(walk.writing, [(0, true)]);
        stop(&mut walk);
        walk.written(0);
        assert_eq!((walk.running.len(), walk.model[0].due.len()), (1, 1));
    }
}

#[test]
fn ten_failures_slow_an_endpoint_down_until_one_success() {
    let mut walk = Walk::begin(8);
    walk.configure(0, 4, true);
    for _ in 0..10 {
        walk.arrive(0);
        walk.finish(0, false, 1_000_000);
    }
    assert!(walk.scheduler.admit(walk.now(), id(0)));
    assert!(!walk.scheduler.admit(walk.now(), id(0)), "one at a time");
    walk.scheduler.finished(walk.now(), id(0), Some(true));
    let admitted = (0..5)
        .filter(|_| walk.scheduler.admit(walk.now(), id(0)))
        .count();
    assert_eq!(admitted, 4, "all slots again after one success");
}
