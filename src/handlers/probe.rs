//! Commands for tests only, one for each thing that can follow when a call's outcome stays unknown. Never in the shipped wasm.

use frankenstein::methods::SendChatActionParams;
use frankenstein::types::ChatAction;

use crate::plan::Plan;
use crate::visit::Visit;

/// Plans one call with the policy that the command names.
pub fn answer(visit: &Visit, name: &str) -> Option<Plan> {
    let mut plan = Plan::new();
    match name {
        "probe_call" => {
            let typing = SendChatActionParams::builder()
                .chat_id(visit.chat())
                .action(ChatAction::Typing)
                .build();
            plan.call(&typing)
        }
        "probe_send" => plan.send(&visit.message("probe")),
        "probe_park" => plan.send_or_park(&visit.message("probe")),
        _ => return None,
    };
    Some(plan)
}
