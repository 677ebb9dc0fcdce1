//! The threads of an engine: how they share tasks, and where they wait for each other.

use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Turns to wait in before the processor is offered to others: about ten microseconds.
const PATIENCE: u32 = 2_000;

/// Threads that all run the same work at the same time.
pub struct Team {
    pool: Option<rayon::ThreadPool>,
}

impl Team {
    /// A team of `size`; of one, it is the caller.
    ///
    /// # Errors
    ///
    /// The system refuses the threads.
    pub fn new(size: usize) -> Result<Team, rayon::ThreadPoolBuildError> {
        let pool = match size {
            0 | 1 => None,
            n => Some(rayon::ThreadPoolBuilder::new().num_threads(n).build()?),
        };
        Ok(Team { pool })
    }

    /// How many.
    pub fn size(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// What `work` makes of each item, in their order; `work` is given the number of its thread.
    pub fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(usize, T) -> R + Sync + Send) -> Vec<R> {
        let Some(pool) = &self.pool else { return items.into_iter().map(|item| work(0, item)).collect() };
        let work = |item| work(rayon::current_thread_index().unwrap_or(0), item);
        pool.install(|| items.into_par_iter().with_max_len(1).map(work).collect())
    }

    /// Does `work` once on every thread, given the thread's number, all at the same time: they may wait for each other.
    pub fn together(&self, work: impl Fn(usize) + Sync) {
        match &self.pool {
            None => work(0),
            Some(pool) => {
                pool.broadcast(|context| work(context.index()));
            }
        }
    }

    /// Where all of the team wait for each other.
    pub fn barrier(&self) -> Barrier {
        Barrier { size: self.size(), arrived: AtomicUsize::new(0), passed: AtomicUsize::new(0) }
    }

    /// Shares out `tasks`, each always to the same thread: what a task works on stays in that thread's cache. What a
    /// thread has left when the others are done, they take.
    pub fn share(&self, tasks: impl Iterator<Item = usize>) -> Shares {
        let mut lists = vec![Vec::new(); self.size()];
        for task in tasks {
            lists[task % self.size()].push(task);
        }
        Shares { next: lists.iter().map(|_| AtomicUsize::new(0)).collect(), lists }
    }
}

/// Lets nobody pass before all have come. Waits by turning, since a pane is shorter than a sleep.
pub struct Barrier {
    size: usize,
    arrived: AtomicUsize,
    passed: AtomicUsize,
}

impl Barrier {
    /// Waits for all others.
    pub fn wait(&self) {
        let passed = self.passed.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.size {
            self.arrived.store(0, Ordering::Release);
            self.passed.store(passed + 1, Ordering::Release);
            return;
        }
        let mut turns = 0;
        while self.passed.load(Ordering::Acquire) == passed {
            turns += 1;
            match turns < PATIENCE {
                true => std::hint::spin_loop(),
                false => std::thread::yield_now(),
            }
        }
    }
}

/// Tasks, done once in each section.
pub struct Shares {
    lists: Vec<Vec<usize>>,
    /// Tasks taken of each list, over all sections.
    next: Vec<AtomicUsize>,
}

impl Shares {
    /// Does what is left of section `section`, counted from 0: own tasks first. Between two sections, all must have
    /// passed a barrier.
    pub fn go(&self, worker: usize, section: usize, mut work: impl FnMut(usize)) {
        for turn in 0..self.lists.len() {
            let list = (worker + turn) % self.lists.len();
            let (tasks, next) = (&self.lists[list], &self.next[list]);
            let end = (section + 1) * tasks.len();
            let take = |n: usize| (n < end).then_some(n + 1);
            while let Ok(n) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
                work(tasks[n % tasks.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once_a_section_and_no_section_overtakes() {
        for size in [1, 2, 3, 7] {
            let team = Team::new(size).unwrap();
            let (shares, barrier) = (team.share(0..20), team.barrier());
            let done: Vec<AtomicUsize> = (0..20).map(|_| AtomicUsize::new(0)).collect();
            team.together(|worker| {
                for section in 0..50 {
                    shares.go(worker, section, |task| {
                        assert_eq!(done[task].fetch_add(1, Ordering::Relaxed), section);
                    });
                    barrier.wait();
                }
            });
            assert!(done.iter().all(|n| n.load(Ordering::Relaxed) == 50), "{size} threads");
        }
    }
}
