//! Clients: PCs with their people, servers, appliances; where they stand and what they are called.

use super::dice::Dice;
use super::presence::Habit;
use super::words;

/// A client of the proxy.
#[derive(Debug)]
pub(super) struct Client {
    /// Its address as text.
    pub(super) address: Box<str>,
    /// Its user, as the proxy logs one that has authenticated.
    pub(super) user: Box<str>,
    /// When it is on.
    pub(super) habit: Habit,
    /// Its browser.
    pub(super) agent: u16,
    /// The location it belongs to.
    pub(super) site: u16,
    /// Its location's proxy asks for credentials.
    pub(super) named: bool,
}

/// Browsers of the organisation.
pub(super) const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
];

/// The location with number `site`: `A`, `B`, … `Z`, `A1`, …
pub(super) fn site_name(site: u16) -> String {
    let letter = char::from(b'A' + (site % 26) as u8);
    if site < 26 { letter.to_string() } else { format!("{letter}{}", site / 26) }
}

/// Clients of one organisation: `count` PCs over `sites` locations of unequal size, then servers and appliances.
pub(super) fn populate(dice: &mut Dice, count: u32, sites: u16, agents: &[u16]) -> Vec<Client> {
    let sites = sites.clamp(1, 200);
    let asks: Vec<bool> = (0..sites).map(|site| site > 0 && dice.chance(0.3)).collect();
    let night_share = dice.between(0.005, 0.03);
    let mut used = vec![0u32; usize::from(sites)];
    let servers = (count / 60).max(3);
    (0..count + servers)
        .map(|number| {
            let pc = number < count;
            let site = dice.zipf(usize::from(sites)) as u16;
            let index = &mut used[usize::from(site)];
            *index += 1;
            // 10.<site>.<floor>.<machine>: PCs and servers take different machine numbers.
            let (floor, machine) =
                if pc { (*index / 230, 10 + *index % 230) } else { (*index / 15, 240 + *index % 15) };
            let address = format!("10.{}.{}.{}", 16 + site, floor % 256, machine);
            let habit = if pc { Habit::person(dice, night_share) } else { Habit::machine(dice) };
            let user = format!("{}{}", words::family(dice), dice.range(1, 99));
            let agent = agents[dice.zipf(agents.len())];
            Client {
                address: address.into(),
                user: user.into(),
                habit,
                agent,
                site,
                named: pc && asks[usize::from(site)],
            }
        })
        .collect()
}

/// The network of a location, for `--sites`.
pub(super) fn network(site: u16) -> String {
    format!("10.{}.0.0/16", 16 + site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_unique() {
        let clients = populate(&mut Dice::new(1), 5000, 12, &[1]);
        let mut addresses: Vec<&str> = clients.iter().map(|client| &*client.address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), clients.len());
    }
}
