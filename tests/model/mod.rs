//! All that can happen to one or two updates within bounds, explored state by state on the worker's own transition functions.
//!
//! The database is its rows, changed as the statements change them (`tests/transitions.rs` holds the shipped SQL to that). Telegram
//! delivers, the cron comes, visits crash at any step, answers are lost, leases end.
//!
//! `DEEP=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=3 cargo test --release --locked model:: -- --nocapture`
//! takes wider bounds.

mod explore;
mod visit;
mod world;

use onehook::plan::OnAmbiguity;

use explore::{Explored, explore};
use world::{Design, Faults, Model};

/// What goes wrong with one update.
const FAULTS: Faults = Faults {
    crashes: 3,
    lost: 2,
    zombies: 1,
    conflicts: 1,
    pauses: 0,
    leaps: 0,
};

/// What goes wrong with one update while time passes and Telegram asks for pauses.
const SLOW: Faults = Faults {
    crashes: 3,
    lost: 1,
    zombies: 0,
    conflicts: 0,
    pauses: 1,
    leaps: 2,
};

/// What goes wrong with two updates.
const OF_TWO: Faults = Faults {
    crashes: 1,
    lost: 1,
    zombies: 0,
    conflicts: 0,
    pauses: 0,
    leaps: 0,
};

fn is_deep() -> bool {
    std::env::var_os("DEEP").is_some()
}

fn model(on_ambiguity: OnAmbiguity, faults: Faults) -> Model {
    Model {
        on_ambiguity,
        travels: false,
        updates: 1,
        faults,
        is_patient: false,
        listens_to_all: false,
        design: Design::Ours,
    }
}

/// The same with a call that travels in the answer. Then the order is Telegram's own, which brings an update when it has the answer
/// to the one before.
fn travelling(faults: Faults) -> Model {
    Model {
        travels: true,
        is_patient: true,
        ..model(OnAmbiguity::Resend, faults)
    }
}

#[track_caller]
fn holds(model: &Model) -> Explored {
    let explored = explore(model);
    eprintln!("{explored}");
    if let Some(violation) = &explored.violation {
        panic!("{violation}");
    }
    explored
}

#[track_caller]
fn breaks(design: Design, model: Model, complaint: &str) {
    let explored = explore(&Model { design, ..model });
    let violation = explored.violation.expect("the model finds what is broken");
    assert_eq!(violation.lines().next(), Some(complaint), "{violation}");
}

/// Ends of one update, as `fate of a call × copies`, but for those Telegram still has.
fn ends(explored: &Explored) -> Vec<&str> {
    let ends = explored.ends.keys().map(String::as_str);
    ends.filter(|end| !end.contains("Telegram")).collect()
}

#[test]
fn no_update_is_lost_whose_call_is_resent_once() {
    let explored = holds(&model(OnAmbiguity::Resend, FAULTS));
    assert!(explored.states > 100_000);
    let all = [
        "dead",
        "parked × 0",
        "parked × 1",
        "parked × 2",
        "sent × 1",
        "sent × 2",
    ];
    assert_eq!(ends(&explored), all);
}

#[test]
fn no_update_is_lost_or_doubled_whose_call_is_parked() {
    let explored = holds(&model(OnAmbiguity::Park, FAULTS));
    assert_eq!(
        ends(&explored),
        ["dead", "parked × 0", "parked × 1", "sent × 1"]
    );
}

#[test]
fn no_update_is_lost_whose_call_is_repeated() {
    let few = Faults {
        crashes: 2,
        lost: 1,
        ..FAULTS
    };
    let explored = holds(&model(OnAmbiguity::Repeat, few));
    assert!(ends(&explored).contains(&"sent × 1"));
}

#[test]
fn no_update_is_lost_or_doubled_whose_call_travels_in_the_answer() {
    let explored = holds(&travelling(FAULTS));
    let ends = ends(&explored);
    assert!(
        ends.contains(&"answered × 1") && !ends.contains(&"answered × 0"),
        "{ends:?}"
    );
}

#[test]
fn no_update_is_lost_while_time_passes_and_telegram_asks_for_pauses() {
    for policy in [OnAmbiguity::Resend, OnAmbiguity::Park] {
        let explored = holds(&model(policy, SLOW));
        let ends = ends(&explored);
        assert!(
            ends.contains(&"dead") && ends.contains(&"expired"),
            "{ends:?}"
        );
    }
    holds(&travelling(SLOW));
}

#[test]
fn no_update_is_lost_even_if_telegram_listens_to_deliveries_it_has_given_up() {
    let few = Faults {
        crashes: 2,
        lost: 1,
        ..FAULTS
    };
    let listens_to_all = true;
    for policy in [OnAmbiguity::Resend, OnAmbiguity::Park] {
        holds(&Model {
            listens_to_all,
            ..model(policy, few)
        });
    }
}

#[test]
fn two_updates_of_a_lane_keep_their_order() {
    let updates = 2;
    for policy in [OnAmbiguity::Resend, OnAmbiguity::Park] {
        holds(&Model {
            updates,
            ..model(policy, OF_TWO)
        });
    }
    holds(&Model {
        updates,
        ..travelling(OF_TWO)
    });
}

#[test]
fn without_faults_everything_happens_exactly_once() {
    for policy in [OnAmbiguity::Repeat, OnAmbiguity::Resend, OnAmbiguity::Park] {
        let explored = holds(&model(policy, Faults::default()));
        assert_eq!(ends(&explored), ["sent × 1"]);
    }
    let explored = holds(&travelling(Faults::default()));
    assert_eq!(ends(&explored), ["answered × 1", "sent × 1"]);
}

#[test]
fn the_model_finds_what_is_wrong_with_worse_designs() {
    let resend = || model(OnAmbiguity::Resend, FAULTS);
    breaks(
        Design::MarkerOnly,
        resend(),
        "an acknowledged update is lost",
    );
    breaks(
        Design::NoFence,
        resend(),
        "there are more copies than the policy allows",
    );
    breaks(
        Design::ForgetsSending,
        model(OnAmbiguity::Park, FAULTS),
        "there are more copies than the policy allows",
    );
    breaks(
        Design::TravelsAlways,
        travelling(FAULTS),
        "an acknowledged update is lost",
    );
    breaks(
        Design::TakenOverTravels,
        travelling(FAULTS),
        "an acknowledged update is lost",
    );
    let two = Model {
        updates: 2,
        ..model(OnAmbiguity::Resend, OF_TWO)
    };
    breaks(
        Design::NoLanes,
        two,
        "a later update of the lane came first",
    );
}

/// The same with wider bounds: see the first lines of this file.
#[test]
fn deep() {
    if !is_deep() {
        return;
    }
    let wide = Faults {
        crashes: 4,
        lost: 2,
        zombies: 1,
        conflicts: 1,
        pauses: 1,
        leaps: 2,
    };
    let of_two = Faults {
        crashes: 4,
        lost: 1,
        zombies: 1,
        conflicts: 0,
        pauses: 0,
        leaps: 0,
    };
    let two = |model| Model {
        updates: 2,
        ..model
    };
    let models = [
        model(OnAmbiguity::Resend, wide),
        model(OnAmbiguity::Park, wide),
        travelling(wide),
        two(model(OnAmbiguity::Resend, of_two)),
        two(model(OnAmbiguity::Park, of_two)),
        two(travelling(of_two)),
    ];
    let states = models.each_ref().map(|model| holds(model).states);
    let [resend, park, in_answer, resend_two, park_two, in_answer_two] = states;
    eprintln!(
        "figures: {} states in all, no promise broken: one update {resend} (resend), {park} (park), {in_answer} (answer in the \
         response); two updates in one lane, with a zombie, {resend_two} (resend), {park_two} (park), {in_answer_two} (answer in the \
         response)",
        states.iter().sum::<usize>()
    );
}
