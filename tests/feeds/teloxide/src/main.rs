//! Echoes with teloxide as any bot does. Usage: teloxide-bot ROOT TOKEN TAG [drop]

use std::env;

use teloxide::error_handlers::LoggingErrorHandler;
use teloxide::prelude::*;
use teloxide::update_listeners::Polling;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [root, token, tag, rest @ ..] = arguments.as_slice() else {
        panic!("usage: teloxide-bot ROOT TOKEN TAG [drop]");
    };
    let bot = Bot::new(token).set_api_url(root.parse().expect("the root is an address"));
    let tag = tag.clone();
    let echo = move |bot: Bot, message: Message| {
        let answer = message.text().map(|text| format!("{tag}: {text}"));
        async move {
            if let Some(answer) = answer {
                bot.send_message(message.chat.id, answer).await?;
            }
            respond(())
        }
    };
    let mut dispatcher =
        Dispatcher::builder(bot.clone(), Update::filter_message().endpoint(echo)).build();
    let token = dispatcher.shutdown_token();
    tokio::spawn(async move {
        let mut terminate = signal(SignalKind::terminate()).expect("signals can be heard");
        terminate.recv().await;
        token.shutdown().expect("it runs").await;
    });
    if rest.first().is_some_and(|rest| rest == "drop") {
        let polling = Polling::builder(bot)
            .drop_pending_updates()
            .delete_webhook()
            .await;
        let complain = LoggingErrorHandler::with_custom_text("polling failed");
        dispatcher
            .dispatch_with_listener(polling.build(), complain)
            .await;
    } else {
        dispatcher.dispatch().await;
    }
}
