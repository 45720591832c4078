//! The delivery machine: pauses, what a claim leads to, and for how long an update is worth anything.

use onehook::delivery::inbox::{
    Duty, Event, Standing, State, TRANSITIONS, duty, held_max_ms, next, useful_seconds,
};
use onehook::delivery::{ATTEMPTS_MAX, backoff_ms};
use proptest::prelude::*;

use crate::properties::given;

fn state() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_pause_grows_with_the_failures_and_is_spread_by_a_fifth(tries in -3..40_i64, salt in any::<i64>(), other in any::<i64>()) {
        let pause = backoff_ms(tries, salt);
        prop_assert!((4_000..=144_000).contains(&pause));
        prop_assert!(backoff_ms(tries + 1, salt) >= pause);
        let (least, most) = (backoff_ms(tries, 0), backoff_ms(tries, 40));
        prop_assert!((least..=most).contains(&backoff_ms(tries, other)));
        prop_assert_eq!(most * 2, least * 3);
    }

    #[test]
    fn a_claim_leads_to_work_as_long_as_there_is_hope(
        state in state(), attempts in 0..9_i64, is_useful in any::<bool>(), held_ms in 0..300_000_i64, kind in given::kind(),
    ) {
        let held_max_ms = held_max_ms(&kind);
        let duty = duty(&Standing { state, attempts, is_useful, held_ms, held_max_ms });
        if state == State::Done {
            prop_assert_eq!(duty, Duty::Perform, "a plan that is committed is carried out");
        } else if !is_useful {
            prop_assert_eq!(duty, Duty::Expire);
        } else if attempts <= 2 {
            prop_assert_eq!(duty, Duty::Handle, "one crash proves nothing");
        } else if attempts > ATTEMPTS_MAX || held_ms > held_max_ms {
            prop_assert_eq!(duty, Duty::Bury);
        } else {
            prop_assert_eq!(duty, Duty::Handle);
        }
    }

    #[test]
    fn nothing_is_worth_an_answer_for_longer_than_a_day_or_holds_its_lane_for_longer_than_two_minutes(kind in given::kind()) {
        prop_assert!((30..=86_400).contains(&useful_seconds(&kind)));
        prop_assert!((30_000..=120_000).contains(&held_max_ms(&kind)));
    }

    #[test]
    fn only_an_operator_brings_back_what_has_ended(
        events in prop::collection::vec(0..TRANSITIONS.len(), 0..40),
    ) {
        let events = events.into_iter().map(|place| TRANSITIONS[place].1);
        let mut state = None;
        for event in events {
            let Some(next) = next(state, event) else { continue };
            let has_ended = state.is_some_and(|state| !matches!(state, State::Stored | State::Leased));
            if has_ended && next != state.unwrap() {
                prop_assert_eq!(event, Event::Replayed);
            }
            if event == Event::Planned {
                prop_assert_eq!(state, Some(State::Leased), "only who holds it plans");
            }
            state = Some(next);
        }
    }

    #[test]
    fn the_name_of_a_state_is_that_of_one_state(name in "[a-z]{0,12}|stored|leased|done|dead|expired|quarantined") {
        let states = State::ALL.into_iter().filter(|state| state.name() == name);
        let expected: Vec<State> = states.collect();
        prop_assert!(expected.len() <= 1);
        prop_assert_eq!(State::from_name(&name), expected.first().copied());
    }
}
