//! What people see: every command and conversation, from the first word to the last.

use expect_test::expect;

use crate::test_bot::TestBot;

#[test]
fn start_greets_people_by_their_first_name() {
    let bot = TestBot::new();
    bot.person("Ada").says("/start");
    bot.transcript(expect![[r#"
        Ada: /start
        bot → Ada: Hello, Ada! Send /help to see what I can do.
    "#]]);
}

#[test]
fn people_who_speak_ukrainian_are_answered_in_ukrainian() {
    let bot = TestBot::new();
    bot.person("Леся").speaking("uk").says("/start");
    bot.person("Jean").speaking("fr").says("/start");
    bot.transcript(expect![[r#"
        Леся: /start
        bot → Леся: Вітаю, Леся! Надішліть /help, щоб побачити, що я вмію.
        Jean: /start
        bot → Jean: Hello, Jean! Send /help to see what I can do.
    "#]]);
}

#[test]
fn the_deployments_language_is_for_people_whose_own_is_not_spoken() {
    let bot = TestBot::new();
    bot.set("LANGUAGE", "uk");
    bot.person("Jean").speaking("fr").says("/start");
    bot.transcript(expect![[r#"
        Jean: /start
        bot → Jean: Вітаю, Jean! Надішліть /help, щоб побачити, що я вмію.
    "#]]);
}

#[test]
fn help_shows_owners_more_than_others() {
    let bot = TestBot::new();
    bot.person("Ada").says("/help");
    bot.person("Bob").says("/help");
    bot.transcript(expect![[r#"
        Ada: /help
        bot → Ada: /start – say hello
        /help – show what I can do
        /ping – check that I am here
        /id – show your number and this chat's
        /feedback – write to my owner
        /cancel – stop what we were doing
        /status – show how the bot is doing
        /doctor – find what is wrong with the bot
        Bob: /help
        bot → Bob: /start – say hello
        /help – show what I can do
        /ping – check that I am here
        /id – show your number and this chat's
        /feedback – write to my owner
        /cancel – stop what we were doing
    "#]]);
}

#[test]
fn ping_is_answered() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    bot.transcript(expect![[r#"
        Ada: /ping
        bot → Ada: pong
    "#]]);
}

#[test]
fn id_tells_the_person_and_the_group() {
    let bot = TestBot::new();
    bot.person("Ada").says("/id");
    bot.person("Ada").in_group("Chess club").says("/id");
    bot.transcript(expect![[r#"
        Ada: /id
        bot → Ada: Your number is 1001.
        Ada: /id
        bot → Chess club: Your number is 1001.
        This chat's number is -1000000000001.
    "#]]);
}

#[test]
fn an_unknown_command_is_answered_in_private_and_ignored_in_groups() {
    let bot = TestBot::new();
    bot.person("Ada").says("/dance now");
    bot.person("Ada").in_group("Chess club").says("/dance now");
    bot.transcript(expect![[r#"
        Ada: /dance now
        bot → Ada: I do not know /dance. Send /help to see what I can do.
        Ada: /dance now
    "#]]);
}

#[test]
fn a_command_for_another_bot_is_ignored() {
    let bot = TestBot::new();
    bot.person("Ada")
        .in_group("Chess club")
        .says("/ping@other_bot");
    bot.person("Ada")
        .in_group("Chess club")
        .says("/PING@Onehook_Bot");
    bot.transcript(expect![[r#"
        Ada: /ping@other_bot
        Ada: /PING@Onehook_Bot
        bot → Chess club: pong
    "#]]);
}

#[test]
fn a_slash_alone_calls_no_command() {
    let bot = TestBot::new();
    bot.person("Ada").says("/");
    bot.person("Ada").says("/ping\tplease");
    bot.transcript(expect![[r#"
        Ada: /
        bot → Ada: I understand commands only. Send /help to see them.
        Ada: /ping	please
        bot → Ada: pong
    "#]]);
}

#[test]
fn plain_text_is_answered_in_private_and_ignored_in_groups() {
    let bot = TestBot::new();
    bot.person("Ada").says("good morning");
    bot.person("Ada")
        .in_group("Chess club")
        .says("good morning");
    bot.transcript(expect![[r#"
        Ada: good morning
        bot → Ada: I understand commands only. Send /help to see them.
        Ada: good morning
    "#]]);
}

#[test]
fn status_exists_for_owners_only() {
    let bot = TestBot::new();
    bot.person("Ada").says("/status");
    bot.person("Bob").says("/status");
    bot.transcript(expect![[r#"
        Ada: /status
        bot → Ada: Webhook: http://127.0.0.1:8787/webhook
        Waiting at Telegram: 1
        Updates: 1 leased
        Bob: /status
        bot → Bob: I do not know /status. Send /help to see what I can do.
    "#]]);
}

#[test]
fn status_says_so_when_telegram_does_not_answer() {
    let bot = TestBot::new();
    bot.fault("getWebhookInfo", 1, "reset_before");
    bot.person("Ada").says("/status");
    bot.transcript(expect![[r#"
        Ada: /status
        bot → Ada: Telegram did not answer `getWebhookInfo`: the connection failed
        Updates: 1 leased
    "#]]);
}

#[test]
fn feedback_reaches_the_owner_and_the_answer_finds_its_way_back() {
    let bot = TestBot::new();
    let (ada, bob) = (bot.person("Ada"), bot.person("Bob"));
    ada.says("/start");
    bob.says("/feedback");
    bob.says("You are a good bot 🤖");
    bob.presses(bob.last_message_with_buttons(), 1);
    let copy = ada.last_message_with_buttons();
    ada.presses(copy, 1);
    ada.answers(copy, "Thank you, Bob!");
    bot.transcript(expect![[r#"
        Ada: /start
        bot → Ada: Hello, Ada! Send /help to see what I can do.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: You are a good bot 🤖
        bot → Bob: Shall I send this to my owner? [Send] [Discard]
        Bob presses feedback:send
        bot → Bob (notice):
        bot → Ada: You are a good bot 🤖 [✉ Bob (@bob)]
        bot → Bob (delete):
        bot → Bob: Sent. Thank you!
        Ada presses feedback:from:1002
        bot → Ada (notice): Reply to this message, and I will pass your answer on.
        Ada: Thank you, Bob!
        bot → Bob: Thank you, Bob!
    "#]]);
}

#[test]
fn feedback_can_be_discarded_and_cancelled() {
    let bot = TestBot::new();
    let bob = bot.person("Bob");
    bob.says("/feedback");
    bob.says("Hm, no");
    let question = bob.last_message_with_buttons();
    bob.presses(question, 2);
    bob.says("/feedback");
    bob.says("/cancel");
    bob.says("/cancel");
    bot.transcript(expect![[r#"
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: Hm, no
        bot → Bob: Shall I send this to my owner? [Send] [Discard]
        Bob presses feedback:discard
        bot → Bob (notice):
        bot → Bob (delete):
        bot → Bob: Discarded.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: /cancel
        bot → Bob: All right, forgotten.
        Bob: /cancel
        bot → Bob: There is nothing to stop.
    "#]]);
    assert_eq!(bot.calls("copyMessage"), 0, "nothing reached the owner");
}

#[test]
fn an_owner_who_blocked_the_bot_gets_nothing_and_nobody_is_thanked_for_it() {
    let bot = TestBot::new();
    let (ada, bob) = (bot.person("Ada"), bot.person("Bob"));
    ada.says("/start");
    ada.acts(serde_json::json!({"act": "block"}));
    bob.says("/feedback");
    bob.says("Hello?");
    bob.presses(bob.last_message_with_buttons(), 1);
    bot.transcript(expect![[r#"
        Ada: /start
        bot → Ada: Hello, Ada! Send /help to see what I can do.
        Ada (note): blocked the bot
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: Hello?
        bot → Bob: Shall I send this to my owner? [Send] [Discard]
        Bob presses feedback:send
        bot → Bob (notice):
    "#]]);
}

#[test]
fn feedback_without_an_owner_says_so() {
    let bot = TestBot::new();
    bot.set("OWNER_IDS", "");
    bot.person("Bob").says("/feedback");
    bot.transcript(expect![[r#"
        Bob: /feedback
        bot → Bob: Nobody has said yet that this bot is theirs, so there is nobody to write to.
    "#]]);
}

#[test]
fn a_command_with_a_limit_asks_to_wait() {
    let bot = TestBot::new();
    let bob = bot.person("Bob");
    for _ in 0..4 {
        bob.says("/feedback");
    }
    bot.telegram.advance(601_000);
    bob.says("/feedback");
    bot.transcript(expect![[r#"
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
        Bob: /feedback
        bot → Bob: That was often. Please try again in 10 min.
        Bob: /feedback
        bot → Bob: What would you like to tell my owner? Write one message, or send /cancel.
    "#]]);
}

#[test]
fn an_unknown_command_and_a_limit_are_explained_in_ukrainian_too() {
    let bot = TestBot::new();
    let lesia = bot.person("Леся").speaking("uk");
    lesia.says("/dance");
    for _ in 0..4 {
        lesia.says("/feedback");
    }
    bot.transcript(expect![[r#"
        Леся: /dance
        bot → Леся: Я не знаю /dance. Надішліть /help, щоб побачити, що я вмію.
        Леся: /feedback
        bot → Леся: Що ви хочете сказати моєму власнику? Напишіть одне повідомлення або надішліть /cancel.
        Леся: /feedback
        bot → Леся: Що ви хочете сказати моєму власнику? Напишіть одне повідомлення або надішліть /cancel.
        Леся: /feedback
        bot → Леся: Що ви хочете сказати моєму власнику? Напишіть одне повідомлення або надішліть /cancel.
        Леся: /feedback
        bot → Леся: Це вже занадто часто. Спробуйте ще раз за 10 хв.
    "#]]);
}

#[test]
fn an_old_button_is_let_go() {
    let bot = TestBot::new();
    let press = |data: &str| {
        let person = serde_json::json!({"id": 1002, "is_bot": false, "first_name": "Bob"});
        let query =
            serde_json::json!({"id": "77", "from": person, "chat_instance": "1", "data": data});
        let update = serde_json::json!({"callback_query": query});
        bot.telegram
            .act(&serde_json::json!({"act": "update", "update": update}))
            .unwrap();
        bot.deliver();
    };
    press("from another age");
    press("feedback:send");
    let notices = bot.calls_of("answerCallbackQuery");
    assert_eq!(notices[0]["text"], "This button no longer works.");
    assert_eq!(notices.len(), 2, "every button is let go");
}

#[test]
fn the_menu_is_sent_in_each_language_and_to_each_owner() {
    let bot = TestBot::new();
    let menus = bot.calls_of("setMyCommands");
    assert_eq!(menus.len(), 4);
    let commands = |menu: &serde_json::Value| menu["commands"].to_string();
    assert!(!commands(&menus[0]).contains("status") && commands(&menus[2]).contains("status"));
    assert_eq!(menus[1]["language_code"], "uk");
    assert!(commands(&menus[1]).contains("привітатися"));
}

#[test]
fn sessions_of_two_people_in_one_group_are_apart() {
    let bot = TestBot::new();
    let (bob, eve) = (
        bot.person("Bob").in_group("Chess club"),
        bot.person("Eve").in_group("Chess club"),
    );
    bob.says("/feedback");
    eve.says("this is not for the owner");
    bob.says("this is");
    bot.transcript(expect![[r#"
        Bob: /feedback
        bot → Chess club: What would you like to tell my owner? Write one message, or send /cancel.
        Eve: this is not for the owner
        Bob: this is
        bot → Chess club: Shall I send this to my owner? [Send] [Discard]
    "#]]);
}

#[test]
fn the_doctor_speaks_to_an_owner_alone() {
    let bot = TestBot::new();
    bot.person("Ada").says("/ping");
    bot.person("Ada").in_group("Friends").says("/doctor");
    bot.transcript(expect![[r#"
        Ada: /ping
        bot → Ada: pong
        Ada: /doctor
        bot → Friends: Ask me that in private.
    "#]]);
}
