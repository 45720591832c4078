//! The control door: what people in the chats do, and other ways to move the pretend world.

use serde_json::{Value, json};

use super::chats::{Place, Question};
use super::formatting;
use super::messages::{as_replied, content_of, forward_origin, replace, spoken};
use super::telegram::{Lookup, Telegram};

/// Someone doing something to a bot in a chat.
struct Scene {
    bot: usize,
    chat: i64,
    person: String,
}

impl Telegram {
    /// Performs one act and answers `{"update_id":…, "message_id":…}`.
    pub fn act(&mut self, now: u64, act: &Value) -> Result<Value, String> {
        self.advance(now);
        let name = act["act"].as_str().ok_or("an act needs a name in `act`")?;
        match name {
            "update" => self.inject(act),
            "dns" => self.plan_lookup(act),
            "clear_faults" => {
                self.faults.clear();
                Ok(json!({}))
            }
            _ => {
                let scene = self.scene(act)?;
                self.act_in(&scene, name, act)
            }
        }
    }

    fn act_in(&mut self, scene: &Scene, name: &str, act: &Value) -> Result<Value, String> {
        match name {
            "say" => self.say(scene, act),
            "edit" => self.edit(scene, act),
            "press" => self.press(scene, act),
            "photo" => Ok(self.photo(scene, act)),
            "forward" => self.forward(scene, act),
            "block" => Ok(self.block(scene, true)),
            "unblock" => Ok(self.block(scene, false)),
            unknown => Err(format!("the emulator does not know the act `{unknown}`")),
        }
    }

    /// Finds the bot, the person and the chat of an act, making the latter two on first use.
    fn scene(&mut self, act: &Value) -> Result<Scene, String> {
        let bot = self.bot_of(act)?;
        let name = act["person"]
            .as_str()
            .ok_or("an act needs a name in `person`")?;
        let person = self.chats.person(name);
        if let Some(language) = act["language_code"].as_str() {
            language.clone_into(&mut person.language);
        }
        let id = person.id;
        let chat = match act["chat"].as_str() {
            Some(title) => self.chats.group(title),
            None => id,
        };
        self.chats.opened.insert((self.bots[bot].id, id));
        let person = name.to_owned();
        Ok(Scene { bot, chat, person })
    }

    fn bot_of(&self, act: &Value) -> Result<usize, String> {
        let position = match act["bot"].as_str() {
            Some(token) => self.bots.iter().position(|bot| bot.token == token),
            None => (!self.bots.is_empty()).then_some(0),
        };
        position.ok_or_else(|| "there is no such bot; add it first".to_owned())
    }

    fn say(&mut self, scene: &Scene, act: &Value) -> Result<Value, String> {
        let text = act["text"].as_str().ok_or("saying needs a `text`")?;
        let mut content = json!({"text": text});
        let entities = formatting::commands(text);
        if !entities.is_empty() {
            content["entities"] = json!(entities);
        }
        if let Some(id) = act["reply_to"].as_i64() {
            content["reply_to_message"] = as_replied(self.message_in(scene, id)?);
        }
        Ok(self.post(scene, content))
    }

    fn photo(&mut self, scene: &Scene, act: &Value) -> Value {
        let bytes = act["content"].as_str().unwrap_or("a pretend photo");
        let file = self.chats.keep_file(
            "photo",
            act["file_id"].as_str(),
            "photo.jpg",
            bytes.as_bytes(),
        );
        let mut content = self.file_content("photo", file);
        if let Some(caption) = act["caption"].as_str() {
            content["caption"] = json!(caption);
        }
        self.post(scene, content)
    }

    fn forward(&mut self, scene: &Scene, act: &Value) -> Result<Value, String> {
        let id = act["message_id"]
            .as_i64()
            .ok_or("forwarding needs a `message_id`")?;
        let original = self.message_in(scene, id)?;
        let mut content = content_of(original);
        content["forward_origin"] = forward_origin(original);
        Ok(self.post(scene, content))
    }

    /// A person's message: kept, told, and sent to the bot as an update.
    fn post(&mut self, scene: &Scene, content: Value) -> Value {
        let from = self.chats.person(&scene.person).profile();
        let message = self.put_message(scene.bot, scene.chat, from, content);
        let id = &message["message_id"];
        let entry = json!({"who": scene.person, "what": "message", "message_id": id, "text": spoken(&message)});
        self.tell(scene.chat, entry);
        let update = self.publish(scene.bot, "message", &message, None);
        json!({"update_id": update, "message_id": id})
    }

    fn edit(&mut self, scene: &Scene, act: &Value) -> Result<Value, String> {
        let id = act["message_id"]
            .as_i64()
            .ok_or("editing needs a `message_id`")?;
        let text = act["text"].as_str().ok_or("editing needs a `text`")?;
        let mut message = self.message_in(scene, id)?.clone();
        message["text"] = json!(text);
        let entities = formatting::commands(text);
        let entities = (!entities.is_empty()).then(|| json!(entities));
        replace(&mut message, "entities", entities);
        message["edit_date"] = json!(self.now / 1000);
        let place = Place::new(self.bots[scene.bot].id, scene.chat);
        self.chats.keep_message(place, &message);
        let entry = json!({"who": scene.person, "what": "edit", "message_id": id, "text": text});
        self.tell(scene.chat, entry);
        let update = self.publish(scene.bot, "edited_message", &message, None);
        Ok(json!({"update_id": update, "message_id": id}))
    }

    fn press(&mut self, scene: &Scene, act: &Value) -> Result<Value, String> {
        let id = act["message_id"]
            .as_i64()
            .ok_or("pressing needs a `message_id`")?;
        let message = self.message_in(scene, id)?.clone();
        let data = pressed(&message, &act["button"])?;
        let question = Question {
            id: self.chats.new_question_id(),
            bot: self.bots[scene.bot].id,
            chat: scene.chat,
            asked_at: self.now,
        };
        let query = json!({
            "id": question.id,
            "from": self.chats.person(&scene.person).profile(),
            "message": message,
            "chat_instance": format!("{}", 7_000_000_000_000_i64 + scene.chat),
            "data": data,
        });
        self.chats.questions.push(question);
        let entry = json!({"who": scene.person, "what": "press", "message_id": id, "text": data});
        self.tell(scene.chat, entry);
        let update = self.publish(scene.bot, "callback_query", &query, None);
        Ok(json!({"update_id": update, "message_id": id}))
    }

    /// A person blocks the bot or takes it back; the bot learns it by `my_chat_member`.
    fn block(&mut self, scene: &Scene, blocks: bool) -> Value {
        let from = self.chats.person(&scene.person).profile();
        let key = (self.bots[scene.bot].id, from["id"].as_i64().unwrap_or(0));
        let changed = if blocks {
            self.chats.blocked.insert(key)
        } else {
            self.chats.blocked.remove(&key)
        };
        if !changed {
            return json!({"update_id": null, "message_id": null});
        }
        let user = self.bots[scene.bot].profile();
        let member = json!({"user": user, "status": "member"});
        let kicked = json!({"user": user, "status": "kicked", "until_date": 0});
        let (old, new) = if blocks {
            (member, kicked)
        } else {
            (kicked, member)
        };
        let change = json!({
            "chat": self.chat_value(scene.bot, key.1),
            "from": from,
            "date": self.now / 1000,
            "old_chat_member": old,
            "new_chat_member": new,
        });
        let text = if blocks {
            "blocked the bot"
        } else {
            "unblocked the bot"
        };
        self.tell(
            key.1,
            json!({"who": scene.person, "what": "note", "text": text}),
        );
        let update = self.publish(scene.bot, "my_chat_member", &change, None);
        json!({"update_id": update, "message_id": null})
    }

    /// Any update as it is; a query in it can then be answered, and its chat can be written to.
    fn inject(&mut self, act: &Value) -> Result<Value, String> {
        let bot = self.bot_of(act)?;
        let update = act["update"]
            .as_object()
            .ok_or("an update is an object with one kind")?;
        let (kind, payload) = update
            .iter()
            .find(|(name, _)| *name != "update_id")
            .ok_or("the update has no kind")?;
        let wanted = act["update_id"]
            .as_i64()
            .or_else(|| update.get("update_id")?.as_i64());
        if let Some(id) = payload["id"].as_str() {
            let chat = payload["message"]["chat"]["id"]
                .as_i64()
                .or_else(|| payload["from"]["id"].as_i64());
            self.chats.questions.push(Question {
                id: id.to_owned(),
                bot: self.bots[bot].id,
                chat: chat.unwrap_or(0),
                asked_at: self.now,
            });
        }
        for message in [payload, &payload["message"]] {
            self.chats.adopt(self.bots[bot].id, message);
            let next = message["message_id"].as_i64().unwrap_or(0) + 1;
            self.bots[bot].next_message_id = self.bots[bot].next_message_id.max(next);
        }
        let id = self.publish(bot, kind, payload, wanted);
        Ok(json!({"update_id": id, "message_id": payload["message_id"]}))
    }

    /// `{"act":"dns","host":…,"after_ms":…,"ip":… or "error":…}`: what the next lookup of a webhook's host finds.
    fn plan_lookup(&mut self, act: &Value) -> Result<Value, String> {
        let host = act["host"].as_str().ok_or("a lookup needs a `host`")?;
        let found = act["ip"].as_str().unwrap_or("104.16.132.229").to_owned();
        let answer = match act["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(found),
        };
        let after_ms = act["after_ms"].as_u64().unwrap_or(0);
        self.lookups.plan(host, Lookup { after_ms, answer });
        Ok(json!({}))
    }

    fn message_in(&self, scene: &Scene, id: i64) -> Result<&Value, String> {
        let place = Place::new(self.bots[scene.bot].id, scene.chat);
        let message = self.chats.message(place, id);
        message.ok_or_else(|| format!("there is no message {id} in this chat"))
    }
}

/// The data of a button, found by its number (from 1) or by the data itself.
fn pressed(message: &Value, button: &Value) -> Result<String, String> {
    let rows = message["reply_markup"]["inline_keyboard"]
        .as_array()
        .into_iter()
        .flatten();
    let buttons: Vec<&Value> = rows.filter_map(Value::as_array).flatten().collect();
    let found = match button.as_u64() {
        Some(number) => {
            let position = usize::try_from(number).unwrap_or(0).checked_sub(1);
            position.and_then(|position| buttons.get(position).copied())
        }
        None => buttons
            .into_iter()
            .find(|candidate| candidate["callback_data"] == *button),
    };
    let data = found.and_then(|button| button["callback_data"].as_str());
    let missing = || {
        format!(
            "message {} has no button {button} that can be pressed",
            message["message_id"]
        )
    };
    data.map(str::to_owned).ok_or_else(missing)
}
