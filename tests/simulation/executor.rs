//! A small single-threaded executor on a virtual clock: tasks that sleep, and deeds that fall due.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A task's number.
pub type TaskId = u64;

type Work = Pin<Box<dyn Future<Output = ()>>>;
type Deed = Box<dyn FnOnce()>;

/// Everything that runs, and when it goes on.
pub struct Executor {
    now: Cell<u64>,
    last: Cell<u64>,
    timers: RefCell<BinaryHeap<Reverse<Timer>>>,
    tasks: RefCell<BTreeMap<TaskId, Option<Work>>>,
    ready: Ready,
    running: Cell<Option<TaskId>>,
}

type Ready = Arc<Mutex<VecDeque<TaskId>>>;

/// Wakes a task, or does a deed, at a certain time. Those of one time go in the order they were set.
struct Timer {
    at: u64,
    order: u64,
    then: Then,
}

enum Then {
    Wake(Waker),
    Do(Deed),
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

struct TaskWaker {
    task: TaskId,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap().push_back(self.task);
    }
}

impl Executor {
    /// An executor whose clock shows `now`, in milliseconds since 1970.
    pub fn new(now: u64) -> Rc<Self> {
        Rc::new(Self {
            now: Cell::new(now),
            last: Cell::new(0),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            ready: Ready::default(),
            running: Cell::new(None),
        })
    }

    pub fn now(&self) -> u64 {
        self.now.get()
    }

    /// Starts a task.
    pub fn spawn(&self, work: impl Future<Output = ()> + 'static) -> TaskId {
        let task = self.number();
        self.tasks.borrow_mut().insert(task, Some(Box::pin(work)));
        self.ready.lock().unwrap().push_back(task);
        task
    }

    /// Drops a task where it stands. The task may do this to itself: it is not polled again.
    pub fn kill(&self, task: TaskId) {
        let work = self.tasks.borrow_mut().remove(&task);
        drop(work);
    }

    /// Drops all tasks, and whatever was to be done later.
    pub fn forget(&self) {
        let (timers, tasks) = (self.timers.take(), self.tasks.take());
        drop((timers, tasks));
    }

    pub fn is_running(&self, task: TaskId) -> bool {
        self.tasks.borrow().contains_key(&task)
    }

    /// Does something later.
    pub fn at(&self, at: u64, deed: impl FnOnce() + 'static) {
        self.set(at, Then::Do(Box::new(deed)));
    }

    /// Goes on after a while.
    pub fn sleep(self: &Rc<Self>, milliseconds: u64) -> Sleep {
        Sleep {
            executor: Rc::clone(self),
            at: self.now() + milliseconds,
            is_set: false,
        }
    }

    /// Does what comes next. `false`: nothing ever will.
    pub fn step(&self) -> bool {
        let ready = self.ready.lock().unwrap().pop_front();
        if let Some(task) = ready {
            self.poll(task);
            return true;
        }
        let Some(Reverse(timer)) = self.timers.borrow_mut().pop() else {
            return false;
        };
        self.now.set(self.now().max(timer.at));
        match timer.then {
            Then::Wake(waker) => waker.wake(),
            Then::Do(deed) => deed(),
        }
        true
    }

    fn poll(&self, task: TaskId) {
        let work = self
            .tasks
            .borrow_mut()
            .get_mut(&task)
            .and_then(Option::take);
        let Some(mut work) = work else { return };
        let waker = Waker::from(Arc::new(TaskWaker {
            task,
            ready: Arc::clone(&self.ready),
        }));
        self.running.set(Some(task));
        let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
        self.running.set(None);
        let mut tasks = self.tasks.borrow_mut();
        match polled {
            Poll::Ready(()) => {
                tasks.remove(&task);
            }
            Poll::Pending => {
                if let Some(place) = tasks.get_mut(&task) {
                    *place = Some(work);
                    return;
                }
            }
        }
        drop(tasks);
        drop(work);
    }

    fn set(&self, at: u64, then: Then) {
        let order = self.number();
        let timer = Timer { at, order, then };
        self.timers.borrow_mut().push(Reverse(timer));
    }

    fn number(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }
}

/// Waits for a moment on the virtual clock.
pub struct Sleep {
    executor: Rc<Executor>,
    at: u64,
    is_set: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        if self.executor.now() >= self.at {
            return Poll::Ready(());
        }
        if !self.is_set {
            self.is_set = true;
            let waker = context.waker().clone();
            self.executor.set(self.at, Then::Wake(waker));
        }
        Poll::Pending
    }
}
