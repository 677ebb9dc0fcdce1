//! Words to make names and paths of. Second-level names are coined from them; none is meant to be anybody's.

use super::dice::Dice;

/// Everyday words: paths, slugs, and halves of names.
pub(super) const WORDS: &[&str] = &[
    "amber", "anchor", "apple", "april", "arch", "atlas", "autumn", "badge", "bamboo", "basil", "beacon", "bell",
    "birch", "blue", "board", "bridge", "bright", "broad", "brook", "cabin", "camp", "candle", "canyon", "cedar",
    "chart", "cherry", "city", "clay", "clear", "cliff", "cloud", "clover", "coast", "cobalt", "copper", "coral",
    "corner", "cotton", "craft", "crane", "creek", "crown", "dawn", "deep", "delta", "desk", "dew", "dock", "dove",
    "draft", "drift", "east", "echo", "elm", "ember", "fair", "fern", "field", "fine", "fjord", "flint", "flora",
    "forest", "fox", "garden", "gate", "glass", "gold", "grain", "grand", "green", "grove", "guide", "harbor",
    "harvest", "haven", "hazel", "heron", "hill", "home", "honey", "index", "iron", "island", "ivory", "jade",
    "juniper", "kite", "lake", "lamp", "lantern", "leaf", "ledge", "lemon", "light", "lime", "linen", "lotus", "maple",
    "marble", "market", "marsh", "meadow", "mild", "mill", "mint", "moon", "moss", "nest", "noble", "north", "novel",
    "oak", "ocean", "olive", "opal", "orbit", "orchid", "otter", "oval", "page", "palm", "paper", "path", "peach",
    "pearl", "pepper", "pine", "plain", "plum", "pond", "poplar", "port", "prime", "quartz", "quiet", "rain", "rapid",
    "raven", "reed", "ridge", "ring", "river", "robin", "rock", "rose", "round", "ruby", "sage", "sail", "salt",
    "sand", "school", "sea", "shell", "shore", "silk", "silver", "sky", "slate", "snow", "south", "spark", "spring",
    "square", "star", "steel", "stone", "storm", "straw", "stream", "summer", "sun", "swan", "swift", "table", "teal",
    "thorn", "tide", "timber", "tower", "trail", "tulip", "vale", "velvet", "view", "village", "violet", "walnut",
    "water", "wave", "west", "wheat", "white", "wild", "willow", "wind", "winter", "wolf", "wood", "wren", "yard",
    "about", "article", "guest", "help", "item", "latest", "list", "news", "note", "order", "photo", "plan", "policy",
    "press", "price", "recipe", "report", "review", "season", "series", "story", "style", "team", "topic", "tour",
    "travel",
];

/// Syllables for coined words.
const SYLLABLES: &[&str] = &[
    "ba", "bel", "bor", "cal", "cen", "cor", "da", "del", "dor", "dyn", "el", "en", "fal", "fer", "fin", "gal", "gor",
    "hal", "hel", "il", "jen", "ka", "kel", "kor", "lan", "lex", "lor", "lu", "ma", "mel", "mir", "mon", "na", "nel",
    "nor", "ol", "pa", "pel", "por", "qua", "ra", "rel", "ron", "sa", "sel", "sol", "ta", "tel", "tor", "tri", "ul",
    "va", "vel", "vin", "vor", "wen", "xa", "yor", "za", "zel", "zin",
];

/// Syllables of Japanese place and family names.
const ROMAJI: &[&str] = &[
    "yama", "kawa", "mori", "shima", "naka", "mura", "ta", "hara", "saka", "moto", "ishi", "matsu", "fuji", "oka",
    "no", "mizu", "kita", "minami", "higashi", "nishi", "haya", "shiro", "aka", "ao", "sugi", "take", "hoshi", "sora",
    "umi", "tani", "zaki", "wara", "gawa", "kubo", "ue", "shita", "miya", "hata", "uchi", "tsuka",
];

/// Trades, for Japanese corporate names.
const TRADES: &[&str] = &[
    "kensetsu", "shoji", "denki", "kogyo", "bussan", "sangyo", "seiko", "kagaku", "unyu", "insatsu", "shokuhin",
    "jimusho", "kenkyujo", "shoten", "giken", "net", "info", "navi", "center", "kanri",
];

/// An everyday word.
pub(super) fn word(dice: &mut Dice) -> &'static str {
    WORDS[dice.index(WORDS.len())]
}

/// A coined word of some syllables.
pub(super) fn coined(dice: &mut Dice, low: u64, high: u64) -> String {
    (0..dice.range(low, high)).map(|_| *dice.pick(SYLLABLES)).collect()
}

/// A Japanese-looking name, sometimes with a trade.
pub(super) fn japanese(dice: &mut Dice) -> String {
    let mut name: String = (0..dice.range(2, 3)).map(|_| *dice.pick(ROMAJI)).collect();
    if dice.chance(0.6) {
        if dice.chance(0.7) {
            name.push('-');
        }
        name.push_str(TRADES[dice.index(TRADES.len())]);
    }
    name
}

/// A family name, for users.
pub(super) fn family(dice: &mut Dice) -> String {
    (0..2).map(|_| *dice.pick(ROMAJI)).collect()
}
