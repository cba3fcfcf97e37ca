//! Rate limits with their windows (app sheet, 1.5): whoever goes over one is blocked until it ends.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ringback_types::ScheduleTime;

use crate::errcode::{self, Refusal};
use crate::options::Options;

/// At so many counters those whose window is over are let go; where none is, whoever is new is not
/// counted.
const MOST_COUNTERS: usize = 65_536;
/// How long is waited at least between two looks for windows that are over.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// Counts what each key did in its window.
#[derive(Debug)]
pub(crate) struct Counters<K>(Mutex<Windows<K>>);

#[derive(Debug)]
struct Windows<K> {
    by_key: HashMap<K, Window>,
    sweep_at: ScheduleTime,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: ScheduleTime,
    count: u32,
}

impl<K> Default for Counters<K> {
    fn default() -> Self {
        Self(Mutex::new(Windows {
            by_key: HashMap::new(),
            sweep_at: ScheduleTime::from_millis(i64::MIN),
        }))
    }
}

impl<K: Hash + Eq> Counters<K> {
    /// Counts one more of this key; refuses it where the window has had `most` already.
    pub(crate) fn count(
        &self,
        key: K,
        most: u32,
        window: Duration,
        now: ScheduleTime,
    ) -> Result<(), Refusal> {
        if most == 0 {
            return Ok(());
        }
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !windows.has_room(now) && !windows.by_key.contains_key(&key) {
            return Ok(());
        }
        let fresh = Window {
            ends_at: now.plus(window),
            count: 0,
        };
        let window = windows.by_key.entry(key).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        if window.count >= most {
            return Err(errcode::RATE.into());
        }
        window.count += 1;
        Ok(())
    }
}

impl<K> Windows<K> {
    fn has_room(&mut self, now: ScheduleTime) -> bool {
        if self.by_key.len() >= MOST_COUNTERS && self.sweep_at <= now {
            self.by_key.retain(|_, window| window.ends_at > now);
            self.sweep_at = now.plus(SWEEP_PAUSE);
        }
        self.by_key.len() < MOST_COUNTERS
    }
}

/// The limits of the app-facing API: per corp and API, and per address and API.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    of_corp: [Counters<(std::sync::Arc<str>, &'static str)>; 2],
    of_address: [Counters<(IpAddr, &'static str)>; 2],
    tasks: Counters<(std::sync::Arc<str>, &'static str)>,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

impl Rates {
    pub(crate) fn check_corp(
        &self,
        corpid: &str,
        api: &'static str,
        options: &Options,
        now: ScheduleTime,
    ) -> Result<(), Refusal> {
        let limits = [options.calls_per_minute, options.calls_per_hour];
        if limits == [0, 0] {
            return Ok(());
        }
        let corpid: std::sync::Arc<str> = corpid.into();
        let [minutes, hours] = &self.of_corp;
        minutes.count((corpid.clone(), api), limits[0], MINUTE, now)?;
        hours.count((corpid, api), limits[1], HOUR, now)
    }

    pub(crate) fn check_address(
        &self,
        address: Option<IpAddr>,
        api: &'static str,
        options: &Options,
        now: ScheduleTime,
    ) -> Result<(), Refusal> {
        let Some(address) = address.map(network) else {
            return Ok(());
        };
        let [minutes, hours] = &self.of_address;
        minutes.count(
            (address, api),
            options.calls_per_minute_of_address,
            MINUTE,
            now,
        )?;
        hours.count((address, api), options.calls_per_hour_of_address, HOUR, now)
    }

    /// Tasks of own programs and models, a day of a corp (SDK sheet, 11.10).
    pub(crate) fn check_tasks(
        &self,
        corpid: &str,
        api: &'static str,
        most: u32,
        now: ScheduleTime,
    ) -> Result<(), Refusal> {
        self.tasks
            .count((corpid.into(), api), most, Duration::from_hours(24), now)
    }
}

/// Whose address it is: in version 6 one customer has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        old @ IpAddr::V4(_) => old,
        IpAddr::V6(whole) => Ipv6Addr::from_bits(whole.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_goes_over_a_limit_is_blocked_until_the_window_ends() {
        let counters = Counters::default();
        let at = ScheduleTime::from_millis;
        let count = |now| {
            counters
                .count("corp", 2, MINUTE, at(now))
                .map_err(|refusal| refusal.errcode)
        };
        assert_eq!(
            [count(0), count(1), count(2), count(59_999)],
            [Ok(()), Ok(()), Err(45009), Err(45009)]
        );
        assert_eq!(count(60_000), Ok(()));
    }

    #[test]
    fn a_whole_customer_network_of_version_6_counts_as_one() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
