//! What pods are told of why they wait. Nobody waits for these words, and a binding or a creation does wait: they go a
//! few at a time, the newest alone where several are due to one pod, and none to a pod that has got its node.

use client::{ApiClient, Request};
use meta::Key;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::{Id, JoinSet};

/// Notes on their way.
const AT_ONCE: usize = 16;

pub(super) struct Notes {
    client: Arc<dyn ApiClient>,
    /// The newest for each pod, and in which order pods have their turn.
    waiting: HashMap<Key, Request>,
    turns: VecDeque<Key>,
    requests: JoinSet<()>,
    sent: HashMap<Id, Sent>,
}

struct Sent {
    to: Key,
    /// Ends with the request.
    over: Option<oneshot::Receiver<()>>,
}

impl Notes {
    pub(super) fn new(client: Arc<dyn ApiClient>) -> Notes {
        Notes {
            client,
            waiting: HashMap::new(),
            turns: VecDeque::new(),
            requests: JoinSet::new(),
            sent: HashMap::new(),
        }
    }

    pub(super) fn tell(&mut self, note: Request) {
        let to = note.key.clone();
        if self.waiting.insert(to.clone(), note).is_none() {
            self.turns.push_back(to);
        }
        self.send();
    }

    /// The pod has got its node. What is on its way to it would undo what the binding says: that goes after the result.
    pub(super) fn forget(&mut self, pod: &Key) -> Option<oneshot::Receiver<()>> {
        self.waiting.remove(pod);
        self.sent.values_mut().find(|sent| sent.to == *pod)?.over.take()
    }

    fn send(&mut self) {
        while self.requests.len() < AT_ONCE
            && let Some(to) = self.turns.pop_front()
        {
            // Where one is on its way already, the next has its turn after it.
            let due = (!self.sent.values().any(|sent| sent.to == to)).then(|| self.waiting.remove(&to));
            let Some(note) = due.flatten() else { continue };
            let (client, (ends, over)) = (self.client.clone(), oneshot::channel::<()>());
            let task = self.requests.spawn(async move {
                let _ends = ends;
                let key = note.key.clone();
                if let Err(status) = client.call(note).await {
                    tracing::debug!(%key, %status, "a pod was not told why it waits");
                }
            });
            self.sent.insert(task.id(), Sent { to, over: Some(over) });
        }
    }

    /// Waits for one to have been told; none where nothing is on its way.
    pub(super) async fn told(&mut self) -> Option<()> {
        let done = self.requests.join_next_with_id().await?;
        let id = match &done {
            Ok((id, ())) => *id,
            Err(panic) => {
                tracing::error!(%panic, "a note to a pod broke off");
                panic.id()
            }
        };
        if let Some(Sent { to, .. }) = self.sent.remove(&id)
            && self.waiting.contains_key(&to)
        {
            self.turns.push_back(to);
        }
        self.send();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::{Answer, PatchKind, Watch};
    use futures::future::BoxFuture;
    use meta::{Gvr, Status, value};
    use plan::Catalog;
    use std::sync::Mutex;
    use tokio::sync::Semaphore;

    /// A server that writes down who is told what, and answers when it is let.
    struct Slow {
        heard: Mutex<Vec<String>>,
        answers: Semaphore,
    }

    impl ApiClient for Slow {
        fn call(&self, request: Request) -> BoxFuture<'_, Result<Answer, Status>> {
            Box::pin(async move {
                self.heard.lock().unwrap().push(request.key.name.to_string());
                self.answers.acquire().await.unwrap().forget();
                Err(Status::unavailable("the outcome is nobody's concern"))
            })
        }

        fn watch(&self, _: Request) -> BoxFuture<'_, Result<Watch, Status>> {
            unreachable!("notes watch nothing")
        }

        fn discover(&self) -> BoxFuture<'_, Result<Catalog, Status>> {
            unreachable!("notes discover nothing")
        }
    }

    struct Stage {
        server: Arc<Slow>,
        notes: Notes,
    }

    impl Stage {
        fn new() -> Stage {
            let server = Arc::new(Slow { heard: Mutex::default(), answers: Semaphore::new(0) });
            Stage { notes: Notes::new(server.clone()), server }
        }

        fn key(pod: &str) -> Key {
            Key::new("default", pod)
        }

        fn tell(&mut self, pod: &str) {
            let patch = value!({"status": {}});
            self.notes.tell(Request::patch(Gvr::new("", "v1", "pods"), Stage::key(pod), PatchKind::Strategic, patch));
        }

        async fn heard(&self) -> Vec<String> {
            tokio::task::yield_now().await;
            self.server.heard.lock().unwrap().clone()
        }

        async fn answer(&mut self, times: usize) {
            self.server.answers.add_permits(times);
            for _ in 0..times {
                self.notes.told().await.expect("one is on its way");
            }
        }
    }

    fn crowd() -> Vec<String> {
        (0..AT_ONCE).map(|nth| format!("p{nth}")).collect()
    }

    #[tokio::test]
    async fn a_few_go_at_a_time_and_all_in_the_end() {
        let mut stage = Stage::new();
        let all: Vec<String> = (0..3 * AT_ONCE).map(|nth| format!("p{nth}")).collect();
        all.iter().for_each(|pod| stage.tell(pod));
        assert_eq!(stage.heard().await, all[..AT_ONCE]);
        stage.answer(all.len()).await;
        assert_eq!(stage.heard().await, all);
        assert!(stage.notes.told().await.is_none(), "nothing is on its way");
    }

    #[tokio::test]
    async fn a_pod_is_told_the_newest_and_one_thing_at_a_time() {
        let mut stage = Stage::new();
        for _ in 0..5 {
            stage.tell("a");
        }
        assert_eq!(stage.heard().await, ["a"]);
        stage.answer(1).await;
        assert_eq!(stage.heard().await, ["a", "a"]);
        stage.answer(1).await;
        assert!(stage.notes.told().await.is_none(), "what lay between was overtaken");
    }

    #[tokio::test]
    async fn a_pod_with_a_node_is_told_nothing_more() {
        let mut stage = Stage::new();
        crowd().iter().for_each(|pod| stage.tell(pod));
        stage.tell("late");
        let mut over = stage.notes.forget(&Stage::key("p0")).expect("this one is on its way");
        assert!(stage.notes.forget(&Stage::key("late")).is_none(), "this one is not");
        assert_eq!(stage.heard().await, crowd());
        assert!(over.try_recv().is_err_and(|why| why == oneshot::error::TryRecvError::Empty), "a binding waits");
        stage.answer(AT_ONCE).await;
        assert!(over.await.is_err(), "the binding may go");
        assert_eq!(stage.heard().await, crowd());
    }
}
