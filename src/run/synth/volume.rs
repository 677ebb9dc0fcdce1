//! Volume: how diligent people must be for a log to have so many lines.

use super::presence::DAY;
use super::stream::{Actors, Stream};
use super::world::World;

/// Days of clients the rehearsal plays at most.
const REHEARSED: i64 = 900;

/// Scales the pace of people so that about `lines` fall between `from` and `end`: plays a sample of the clients without
/// writing, and counts. What software does is not scaled.
pub(super) fn fit(world: &World, actors: &mut Actors, from: i64, end: i64, lines: u64) {
    let days = (end - from) / DAY;
    let clients = world.clients.len() as i64;
    let every = ((clients * days) / REHEARSED).clamp(1, clients / 16 + 1) as u32;
    // Diligence differs more than anything else, and is known: the sample's is set against everybody's.
    let (mut pace, mut sampled) = (0.0, 0.0);
    let mut sample = Actors::default();
    for person in &actors.people {
        pace += person.pace;
        if person.client.is_multiple_of(every) {
            sampled += person.pace;
            sample.people.push(person.clone());
        }
    }
    sample.routines =
        actors.routines.iter().filter(|(routine, _)| routine.client.is_multiple_of(every)).cloned().collect();
    let mut stream = Stream::new(world, sample, from, end);
    while stream.turn(|_| true) {}
    let [people, software] = stream.caused;
    let people = people as f64 * pace / f64::max(sampled, 1e-9);
    let software = software as f64 * f64::from(every);
    // A little too many, so that the end of the log is the end of the span.
    let factor = ((lines as f64 * 1.01 - software) / people.max(1.0)).clamp(0.02, 200.0);
    for person in &mut actors.people {
        person.pace *= factor;
    }
}
