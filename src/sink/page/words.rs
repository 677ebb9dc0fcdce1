//! The words of the page, in the languages it has. A word that one of them lacks does not compile.

use crate::alert::Severity;

/// Language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Lang {
    /// By its code, `en` or `ja`.
    pub fn of(code: &str) -> Option<Lang> {
        [Lang::En, Lang::Ja].into_iter().find(|lang| lang.code() == code)
    }

    /// Its code (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ja => "ja",
        }
    }

    /// Its words.
    pub(super) fn words(self) -> &'static Words {
        match self {
            Lang::En => &EN,
            Lang::Ja => &JA,
        }
    }

    /// The word for a severity.
    pub(super) fn severity(self, severity: Severity) -> &'static str {
        match (self, severity) {
            (Lang::En, _) => severity.as_str(),
            (Lang::Ja, Severity::Low) => "低",
            (Lang::Ja, Severity::Medium) => "中",
            (Lang::Ja, Severity::High) => "高",
            (Lang::Ja, Severity::Critical) => "緊急",
        }
    }

    /// What a detector finds, in a few words; a name that is not known says itself.
    pub(super) fn detector(self, name: &str) -> &str {
        let (en, ja) = match name {
            "beacon" => ("calls home by the clock", "一定間隔の通信"),
            "denied_beacon" => ("calls home behind a block", "遮断中の宛先への一定間隔の通信"),
            "post_burst" => ("uploads in bursts", "集中的なアップロード"),
            "get_exfil" => ("data in URLs", "URLに載せたデータ送出"),
            "tunnel" => ("long or large tunnel", "長時間・大容量のトンネル"),
            "fanout" => ("many new domains by machine", "多数の新規ドメインへの機械的な通信"),
            "ioc" => ("listed, or told of before", "リスト記載・既報の宛先"),
            "spread" => ("spreads over clients", "複数端末への広がり"),
            other => (other, other),
        };
        if self == Lang::Ja { ja } else { en }
    }
}

/// All that the templates say.
#[derive(Debug)]
pub(super) struct Words {
    pub title: &'static str,
    pub empty: &'static str,
    pub skip: &'static str,
    pub filter: &'static str,
    pub severity: &'static str,
    pub all: &'static str,
    pub and_up: &'static str,
    pub site: &'static str,
    pub no_site: &'static str,
    pub detector: &'static str,
    pub search: &'static str,
    pub search_hint: &'static str,
    pub shown: &'static str,
    pub none_fits: &'static str,
    pub clients: &'static str,
    pub client: &'static str,
    pub user: &'static str,
    pub domains: &'static str,
    pub domain: &'static str,
    pub hosts: &'static str,
    pub first_seen: &'static str,
    pub last_seen: &'static str,
    pub stages: &'static str,
    pub traffic: &'static str,
    pub paths: &'static str,
    pub left: &'static str,
    pub do_next: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub when: &'static str,
    pub requests: &'static str,
    pub denied: &'static str,
    pub bytes_down: &'static str,
    pub bytes_up: &'static str,
    pub who_when: &'static str,
    pub who_when_note: &'static str,
    pub told: &'static str,
    pub intervals: &'static str,
    pub intervals_note: &'static str,
    pub no_hours: &'static str,
    pub score: &'static str,
    pub why: &'static str,
    pub points: &'static str,
    pub samples: &'static str,
    pub others: &'static str,
    pub others_note: &'static str,
    pub alerts: &'static str,
    pub alert: &'static str,
    pub further: &'static str,
    pub brief: &'static str,
    pub incident: &'static str,
    pub running: &'static str,
    pub foot: &'static str,
}

const EN: Words = Words {
    title: "Incidents",
    empty: "No incidents: nothing in these records scored 40 or more.",
    skip: "To the incidents",
    filter: "Filter",
    severity: "Severity",
    all: "all",
    and_up: "and up",
    site: "Site",
    no_site: "no site",
    detector: "Detector",
    search: "Client, user or domain",
    search_hint: "192.0.2.17 or evil.example",
    shown: "shown",
    none_fits: "No incident fits the filter.",
    clients: "Clients",
    client: "Client",
    user: "User",
    domains: "Domains",
    domain: "Domain",
    hosts: "Hosts",
    first_seen: "First contact",
    last_seen: "Last contact",
    stages: "Found by",
    traffic: "Traffic",
    paths: "Paths they asked for:",
    left: "What left",
    do_next: "What to do next",
    copy: "Copy",
    copied: "Copied",
    when: "When it happened",
    requests: "requests",
    denied: "refused by the proxy",
    bytes_down: "bytes to clients",
    bytes_up: "bytes from clients",
    who_when: "Who was in contact when",
    who_when_note: "One row a client, in order of first contact; the stronger the colour, the more requests.",
    told: "first alert",
    intervals: "Time between contacts",
    intervals_note: "A program calls by the clock: one or two high bars. A person does not: many low ones.",
    no_hours: "Hours and intervals are known when an episode is over; until then a line runs from first to last contact.",
    score: "Score",
    why: "Why",
    points: "Points",
    samples: "Sample URLs (defanged)",
    others: "others",
    others_note: "Clients beside those of this incident that go there: a block hits them too.",
    alerts: "Alerts",
    alert: "Alert",
    further: "more are in the records",
    brief: "Further incidents, in brief",
    incident: "Incident",
    running: "goes on",
    foot: "Times are in",
};

const JA: Words = Words {
    title: "インシデント",
    empty: "インシデントはありません。スコア40以上の記録はありませんでした。",
    skip: "インシデント一覧へ",
    filter: "絞り込み",
    severity: "深刻度",
    all: "すべて",
    and_up: "以上",
    site: "拠点",
    no_site: "拠点不明",
    detector: "検知器",
    search: "端末・利用者・ドメイン",
    search_hint: "192.0.2.17 または evil.example",
    shown: "件を表示",
    none_fits: "条件に合うインシデントはありません。",
    clients: "端末",
    client: "端末",
    user: "利用者",
    domains: "ドメイン",
    domain: "ドメイン",
    hosts: "ホスト",
    first_seen: "最初の通信",
    last_seen: "最後の通信",
    stages: "検知の順序",
    traffic: "通信量",
    paths: "要求されたパス:",
    left: "外へ出たもの",
    do_next: "次にすること",
    copy: "コピー",
    copied: "コピーしました",
    when: "いつ起きたか",
    requests: "リクエスト",
    denied: "プロキシが拒否",
    bytes_down: "受信バイト",
    bytes_up: "送信バイト",
    who_when: "どの端末がいつ通信したか",
    who_when_note: "1行が1端末、最初の通信の順。色が強いほどリクエストが多い。",
    told: "最初の警告",
    intervals: "通信の間隔",
    intervals_note: "プログラムは一定の間隔で通信し、高い棒が1、2本になる。人の操作では低い棒が広がる。",
    no_hours: "時間別の件数と間隔はエピソードの終了時に記録されます。それまでは最初から最後の通信までを線で示します。",
    score: "スコア",
    why: "根拠",
    points: "点",
    samples: "URLの例（無害化済み）",
    others: "他の端末",
    others_note: "このインシデント以外で同じドメインへ通信する端末。遮断の影響を受けます。",
    alerts: "警告",
    alert: "警告",
    further: "件は記録ファイルにあります",
    brief: "その他のインシデント（概要）",
    incident: "インシデント",
    running: "継続中",
    foot: "時刻の基準:",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_by_code() {
        assert_eq!((Lang::of("ja"), Lang::of("en"), Lang::of("fr")), (Some(Lang::Ja), Some(Lang::En), None));
    }
}
