//! One visit, driven through the worker's core as the door does it. The only file that knows how the core is called.

use std::rc::Rc;

use onehook::app::App;
use onehook::guard;
use onehook::phrases::Phrases;
use onehook::routes::{self, Answer};

use crate::phrases::phrase;
use crate::simulation::ports::{Ports, PostBody};
use crate::simulation::world::{Kind, World};

type VisitApp = App<Ports, Ports, Ports>;

/// Runs a visit from the door to the end.
pub async fn run(world: Rc<World>, number: usize) {
    let app = Rc::new(app(&world, number));
    let (kind, post) = {
        let visits = world.visits.borrow();
        (visits[number].kind, visits[number].post)
    };
    match (kind, post) {
        (Kind::Cron, _) | (_, None) => {
            // What a failed tick leaves behind is the next one's to find.
            let _ = guard::tick(&app).await;
        }
        (_, Some(post)) => deliver(&world, number, &app, post).await,
    }
    world.visits.borrow_mut()[number].is_over = true;
}

async fn deliver(world: &Rc<World>, number: usize, app: &Rc<VisitApp>, post: usize) {
    let body = Rc::clone(&world.posts.borrow()[post].body);
    let request = World::request(&body);
    let ports = app.notes.clone();
    match routes::answer(app, &request, PostBody { ports, body }).await {
        Answer::Reply(reply) => world.answer(number, reply),
        Answer::Delivered(delivered) => {
            world.answer(number, delivered.verdict.reply(app.now_ms));
            if let Some(rest) = delivered.rest {
                rest.await;
            }
        }
        Answer::Relayed(_) => unreachable!("no reader comes to this door"),
    }
}

fn app(world: &Rc<World>, number: usize) -> VisitApp {
    let ports = Ports {
        world: Rc::clone(world),
        visit: number,
    };
    let isolate = world.visits.borrow()[number].isolate;
    let (memory, skew_ms) = {
        let isolates = world.isolates.borrow();
        (
            Rc::clone(&isolates[isolate].memory),
            isolates[isolate].skew_ms,
        )
    };
    let now_ms = i64::try_from(world.now()).unwrap() + skew_ms;
    let settings = world.settings.clone();
    App::new(
        settings,
        (ports.clone(), ports.clone(), ports, phrase as Phrases),
        memory,
        now_ms,
    )
}
