//! Planned calls: whatever happens to one, it is made as often as its policy allows, and comes to an end that stays.

use onehook::delivery::inbox::{Standing, State};
use onehook::delivery::outbox::{
    CallState, Event, Gate, PlannedCall, Remainder, TRANSITIONS, complaint, gate_wait_ms, remainder,
};
use onehook::json::text_of;
use onehook::plan::{OnAmbiguity, Plan, Step};
use onehook::telegram::ids::{ChatId, MessageId};
use onehook::telegram::refusal::{CallError, Refusal};
use onehook::telegram::transport::Unreachable;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::properties::given;

/// What happens to a call, from outside.
#[derive(Clone, Debug)]
enum Happens {
    Begins,
    Ends(Result<Option<MessageId>, CallError>),
    Vanishes,
    IsPutBack,
    IsSkipped,
    WaitsForGate(i64),
    IsResent,
    IsDropped,
}

fn policy() -> impl Strategy<Value = OnAmbiguity> {
    prop::sample::select(vec![
        OnAmbiguity::Repeat,
        OnAmbiguity::Resend,
        OnAmbiguity::Park,
    ])
}

fn refused(code: u16, retry_after: Option<i64>, moved: Option<i64>) -> CallError {
    CallError::from(Refusal {
        method: "aMethod".to_owned(),
        code,
        description: "why".to_owned(),
        retry_after,
        migrate_to_chat_id: moved.map(ChatId),
    })
}

fn silence() -> CallError {
    CallError::Unreachable {
        method: "aMethod".to_owned(),
        cause: Unreachable::TimedOut,
    }
}

fn outcome() -> impl Strategy<Value = Result<Option<MessageId>, CallError>> {
    prop_oneof![
        1 => prop::option::of(any::<i64>()).prop_map(|id| Ok(id.map(MessageId))),
        4 => Just(Err(silence())),
        2 => (500_u16..600).prop_map(|code| Err(refused(code, None, None))),
        2 => prop::option::of(0..3601_i64).prop_map(|seconds| Err(refused(429, seconds, None))),
        1 => (400_u16..420).prop_map(|code| Err(refused(code, None, None))),
        1 => given::chat().prop_map(|chat| Err(refused(400, None, Some(chat)))),
    ]
}

/// What happens while nobody but the worker touches the call.
fn by_itself() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Begins),
        6 => outcome().prop_map(Happens::Ends),
        2 => Just(Happens::Vanishes),
        1 => Just(Happens::IsPutBack),
        1 => (0..3_600_000_i64).prop_map(Happens::WaitsForGate),
    ]
}

fn anything() -> impl Strategy<Value = Vec<Happens>> {
    let happens = prop_oneof![
        10 => by_itself(),
        1 => Just(Happens::IsSkipped),
        1 => Just(Happens::IsResent),
        1 => Just(Happens::IsDropped),
    ];
    prop::collection::vec(happens, 0..30)
}

fn planned(policy: OnAmbiguity) -> PlannedCall {
    let mut plan = Plan::new();
    plan.call_raw("aMethod", &json!({"chat_id": 1, "text": "x"}), policy);
    PlannedCall::new(plan.calls()[0].clone())
}

fn apply(call: &mut PlannedCall, happens: &Happens) {
    match happens {
        Happens::Begins => call.begin(),
        // Only what is being made can end.
        Happens::Ends(outcome) if call.state == CallState::Sending => {
            call.ended(outcome.clone(), 20);
        }
        Happens::Ends(_) => {}
        Happens::Vanishes => call.interrupted(),
        Happens::IsPutBack => call.put_back(),
        Happens::IsSkipped => call.skip("because"),
        Happens::WaitsForGate(wait_ms) => call.wait_for_gate(*wait_ms),
        Happens::IsResent => drop(call.resend()),
        Happens::IsDropped => drop(call.drop_by_operator()),
    }
}

fn leads_to(from: CallState, to: CallState) -> bool {
    let steps = |from: CallState| {
        TRANSITIONS
            .iter()
            .filter(move |(state, _, _)| *state == from)
            .map(|(_, _, next)| *next)
    };
    // An unknown outcome is ruled about at once, so it is a step on the way.
    from == to
        || steps(from).any(|next| {
            next == to || (next == CallState::Unknown && steps(next).any(|next| next == to))
        })
}

fn finished(state: CallState, error: Option<&str>) -> PlannedCall {
    let mut call = planned(OnAmbiguity::Park);
    call.state = state;
    call.error = error.map(str::to_owned);
    call
}

proptest! {
    #[test]
    fn a_call_with_unknown_outcomes_is_made_as_often_as_its_policy_allows(
        policy in policy(), happens in prop::collection::vec(by_itself(), 0..60),
    ) {
        let mut call = planned(policy);
        let mut perhaps_made = 0;
        for happens in happens {
            let was_sending = call.state == CallState::Sending;
            apply(&mut call, &happens);
            let is_unknown = match &happens {
                Happens::Ends(Err(CallError::Refused(refusal))) => refusal.code >= 500,
                Happens::Ends(Err(_)) | Happens::Vanishes => true,
                _ => false,
            };
            perhaps_made += usize::from(was_sending && is_unknown);
        }
        let most = match policy {
            OnAmbiguity::Park => 1,
            OnAmbiguity::Resend => 2,
            OnAmbiguity::Repeat => 5,
        };
        prop_assert!(perhaps_made <= most, "{} times", perhaps_made);
        if perhaps_made == most {
            prop_assert!(!call.is_due() && call.state != CallState::Sending);
        }
    }

    #[test]
    fn silence_alone_ends_every_call(policy in policy(), salt in any::<i64>()) {
        let mut call = planned(policy);
        let mut made = 0;
        while call.is_due() {
            call.begin();
            call.ended(Err(silence()), salt);
            made += 1;
        }
        let expected = match policy {
            OnAmbiguity::Park => (1, CallState::Parked),
            OnAmbiguity::Resend => (2, CallState::Parked),
            OnAmbiguity::Repeat => (5, CallState::Failed),
        };
        prop_assert_eq!((made, call.state), expected);
    }

    #[test]
    fn a_pause_costs_no_try_and_is_kept(policy in policy(), pauses in prop::collection::vec(prop::option::of(0..3601_i64), 1..20)) {
        let mut call = planned(policy);
        for seconds in pauses {
            call.begin();
            call.ended(Err(refused(429, seconds, None)), 20);
            prop_assert_eq!((call.state, call.tries), (CallState::Wait, 0));
            prop_assert_eq!(call.wait_ms, seconds.unwrap_or(5).max(1) * 1000);
            let gate = Gate { chat: "1".to_owned(), wait_ms: call.wait_ms };
            prop_assert_eq!(call.gate(), Some(gate));
        }
    }

    #[test]
fn what_was_sent_stays_sent(policy in policy(), happens in anything(), message_id in prop::option::of(any::<i64>())) {
        let mut call = planned(policy);
        call.begin();
        call.ended(Ok(message_id.map(MessageId)), 20);
        let sent = text_of(&call);
        for happens in &happens {
            apply(&mut call, happens);
        }
        prop_assert_eq!(text_of(&call), sent);
        prop_assert_eq!(call.state, CallState::Sent);
    }

    #[test]
    fn what_failed_or_was_parked_waits_for_an_operator(
        is_parked in any::<bool>(), happens in prop::collection::vec(by_itself(), 0..20),
    ) {
        let state = if is_parked { CallState::Parked } else { CallState::Failed };
        let mut call = finished(state, Some("why"));
        let before = text_of(&call);
        for happens in &happens {
            apply(&mut call, happens);
        }
        call.skip("too late");
        prop_assert_eq!(text_of(&call), before);
        prop_assert!(call.resend() && call.is_due());
        prop_assert_eq!((call.tries, call.wait_ms), (0, 0));
    }

    #[test]
    fn every_change_is_in_the_table(policy in policy(), happens in anything()) {
        let mut call = planned(policy);
        for happens in happens {
            let before = call.state;
            apply(&mut call, &happens);
            prop_assert!(leads_to(before, call.state), "{:?} to {:?} by {:?}", before, call.state, happens);
            prop_assert_ne!(call.state, CallState::Unknown, "it is ruled about at once");
        }
    }

    #[test]
    fn tries_and_waits_are_never_negative(policy in policy(), happens in anything()) {
        let mut call = planned(policy);
        for happens in happens {
            apply(&mut call, &happens);
            prop_assert!((0..=5).contains(&call.tries), "{} tries", call.tries);
            prop_assert!((0..=3_600_000).contains(&call.wait_ms));
        }
    }

    #[test]
    fn a_call_survives_being_written_down_whatever_happened_to_it(
        policy in policy(), happens in anything(), method in "[a-zA-Z]{1,20}", parameters in prop::collection::btree_map(given::text(), given::value(), 0..5),
    ) {
        let mut plan = Plan::new();
        plan.call_raw(&method, &parameters, policy);
        let mut call = PlannedCall::new(plan.calls()[0].clone());
        for happens in &happens {
            apply(&mut call, happens);
        }
        let written = text_of(&call);
        let read = PlannedCall::of(&written).unwrap();
        prop_assert_eq!(text_of(&read), written);
        prop_assert_eq!((read.state, read.tries, read.wait_ms), (call.state, call.tries, call.wait_ms));
        prop_assert_eq!(read.call.on_ambiguity, policy);
    }

    #[test]
    fn a_group_is_followed_to_its_new_number_once(policy in policy(), chats in prop::collection::vec(given::chat(), 1..4)) {
        let mut call = planned(policy);
        for (place, chat) in chats.iter().enumerate() {
            call.begin();
            call.ended(Err(refused(400, None, Some(*chat))), 20);
            let expected = if place == 0 { (CallState::Planned, 0) } else { (CallState::Failed, 1) };
            prop_assert_eq!((call.state, call.tries), expected);
        }
        let parameters: Value = serde_json::from_str(&call.parameters(&[]).unwrap()).unwrap();
        prop_assert_eq!(parameters, json!({"chat_id": chats[0], "text": "x"}));
    }

    #[test]
    fn a_later_step_is_made_after_an_earlier_one_was_and_about_its_message(
        state in prop::sample::select(CallState::ALL.to_vec()), message_id in prop::option::of(any::<i64>()),
        parameters in prop::collection::btree_map(given::text(), given::value(), 0..4), is_about in any::<bool>(), at in 0_usize..3,
    ) {
        let mut plan = Plan::new();
        let steps: Vec<Step> = (0..3).map(|_| plan.call_raw("sendMessage", &json!({}), OnAmbiguity::Resend)).collect();
        let last = plan.call_raw("pinChatMessage", &parameters, OnAmbiguity::Repeat);
        if is_about {
            plan.about_message_of(steps[at], last);
        } else {
            plan.only_after(steps[at], last);
        }
        let mut calls: Vec<PlannedCall> = plan.calls().iter().cloned().map(PlannedCall::new).collect();
        calls[at].state = state;
        calls[at].message_id = message_id.map(MessageId);
        let filled = calls[3].parameters(&calls[..3]);
        let filled = filled.map(|text| serde_json::from_str::<Value>(&text).unwrap());
        let mut expected = json!(parameters);
        if is_about {
            expected["message_id"] = json!(message_id);
        }
        let may = state == CallState::Sent && (!is_about || message_id.is_some());
        prop_assert_eq!(filled, may.then_some(expected));
    }

    #[test]
    fn a_plan_keeps_its_calls_in_order_and_travels_only_if_it_is_one(
        calls in prop::collection::vec(("[a-zA-Z]{1,9}", policy()), 0..5), for_all in any::<bool>(), for_this in any::<bool>(),
    ) {
        let mut plan = Plan::new();
        for (method, policy) in &calls {
            plan.call_raw(method, &json!({"method": 1}), *policy);
        }
        let plan = if for_this { plan.in_response() } else { plan };
        let kept: Vec<(String, OnAmbiguity)> = plan.calls().iter().map(|call| (call.method.clone(), call.on_ambiguity)).collect();
        prop_assert_eq!(plan.fits_in_response(for_all), (for_all || for_this) && calls.len() == 1);
        prop_assert_eq!(kept, calls);
    }

    #[test]
    fn the_first_call_that_is_due_says_for_how_long_its_lane_is_held(
        calls in prop::collection::vec((prop::sample::select(CallState::ALL.to_vec()), 0..400_000_i64), 0..5),
        held_ms in 0..200_000_i64, held_max_ms in prop::sample::select(vec![30_000_i64, 120_000]),
    ) {
        let standing = Standing { state: State::Done, attempts: 1, is_useful: true, held_ms, held_max_ms };
        let planned: Vec<PlannedCall> = calls
            .iter()
            .map(|(state, wait_ms)| PlannedCall { wait_ms: *wait_ms, ..finished(*state, None) })
            .collect();
        let due = calls.iter().find(|(state, _)| [CallState::Planned, CallState::Wait].contains(state));
        match (remainder(&planned, &standing), due) {
            (Remainder::Nothing, None) => {}
            (Remainder::HoldingLane(wait_ms), Some((_, expected))) => {
                prop_assert!(wait_ms == *expected && held_ms + wait_ms <= held_max_ms);
            }
            (Remainder::LettingLaneGo(wait_ms), Some((_, expected))) => {
                prop_assert!(wait_ms == *expected && held_ms + wait_ms > held_max_ms);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_waits_for_its_chat_and_for_the_whole_bot_and_for_nobody_else(
        gates in prop::collection::vec(("1|2|", 0..9_000_i64), 0..6), chat in 1..4_i64,
    ) {
        let mut plan = Plan::new();
        plan.call_raw("aMethod", &json!({"chat_id": chat}), OnAmbiguity::Repeat);
        let expected = gates.iter().filter(|(gate, _)| gate.is_empty() || *gate == chat.to_string()).map(|(_, wait)| *wait).max();
        let gates: Vec<Gate> = gates.into_iter().map(|(chat, wait_ms)| Gate { chat, wait_ms }).collect();
        prop_assert_eq!(gate_wait_ms(&gates, &plan.calls()[0]), expected.unwrap_or_default());
    }

    #[test]
    fn the_operator_hears_the_first_complaint_that_is_not_a_persons_choice(
        errors in prop::collection::vec("Forbidden: bot was blocked by the user|Forbidden: user is deactivated|chat not found|too long", 0..5),
    ) {
        let calls: Vec<PlannedCall> = errors.iter().map(|error| finished(CallState::Failed, Some(error))).collect();
        let expected = errors.iter().find(|error| !error.starts_with("Forbidden"));
        let complaint = complaint(&calls);
        prop_assert_eq!(complaint.as_ref(), expected);
    }

    #[test]
    fn an_operator_decides_about_what_is_left_over_and_nothing_else(state in prop::sample::select(CallState::ALL.to_vec()), error in "[a-z]{0,9}") {
        let (mut resent, mut dropped) = (finished(state, Some(&error)), finished(state, Some(&error)));
        let may_resend = [CallState::Wait, CallState::Failed, CallState::Parked].contains(&state);
        prop_assert_eq!(resent.resend(), may_resend);
        prop_assert_eq!(resent.state, if may_resend { CallState::Planned } else { state });
        let may_drop = [CallState::Planned, CallState::Wait, CallState::Parked].contains(&state);
        prop_assert_eq!(dropped.drop_by_operator(), may_drop);
        prop_assert_eq!(dropped.state, if may_drop { CallState::Failed } else { state });
        prop_assert_eq!(dropped.error.unwrap().contains("operator"), may_drop);
    }
}

#[test]
fn no_event_leads_two_ways() {
    for (state, event, next) in TRANSITIONS {
        let same: Vec<_> = TRANSITIONS
            .iter()
            .filter(|(from, by, _)| (from, by) == (state, event))
            .collect();
        assert_eq!(same.len(), 1, "{state:?} {event:?} {next:?}");
        assert_ne!(
            *state,
            CallState::Sent,
            "what was sent cannot be taken back"
        );
    }
    assert!(
        TRANSITIONS
            .iter()
            .any(|(_, event, _)| *event == Event::Moved)
    );
}
