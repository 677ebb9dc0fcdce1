//! A real Chromium without a window, driven over the DevTools protocol.
//!
//! Needs `chromium`. Where it is missing the test fails if `CI` is set and is skipped otherwise.

use crate::servers::{Ended, program};
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

/// A browser takes so long to answer at most.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) struct Browser {
    socket: WebSocket<TcpStream>,
    session: String,
    next: u64,
    /// What the page did meanwhile.
    events: Vec<Value>,
    _child: Ended,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// `None` where it is not installed.
    pub(crate) fn start() -> Option<Browser> {
        let program = program("chromium", "chromium")?;
        let profile = tempfile::tempdir().expect("a folder");
        let child = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--remote-debugging-port=0", "--lang=en", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = Ended(child.expect("Chromium starts"));
        // It writes its port and its path there when it listens.
        let place = crate::servers::until("Chromium listens", PATIENCE, || {
            let text = std::fs::read_to_string(profile.path().join("DevToolsActivePort")).ok()?;
            let (port, path) = text.trim().split_once('\n')?;
            Some((port.parse::<u16>().ok()?, path.to_owned()))
        });
        let stream = TcpStream::connect(("127.0.0.1", place.0)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let url = format!("ws://127.0.0.1:{}{}", place.0, place.1);
        let limits = tungstenite::protocol::WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        let (socket, _) = tungstenite::client::client_with_config(url, stream, Some(limits)).expect("a handshake");
        let mut browser =
            Browser { socket, session: String::new(), next: 0, events: Vec::new(), _child: child, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// A command and its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(message.to_string())).expect("it listens");
        loop {
            let answer = self.read();
            if answer["id"] == self.next {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("it answers") {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// Opens an address and waits until it is loaded; how long that took by the browser's own clock, ms.
    #[track_caller]
    pub(crate) fn open(&mut self, url: &str) -> f64 {
        self.events.clear();
        let opened = self.call("Page.navigate", json!({"url": url}));
        assert!(opened["errorText"].is_null(), "{url}: {}", opened["errorText"]);
        let begun = Instant::now();
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            assert!(begun.elapsed() < PATIENCE, "{url} is loaded");
            let event = self.read();
            self.events.push(event);
        }
        // Twice a frame: what is there has been laid out and drawn.
        let drawn =
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))";
        self.eval(drawn).as_f64().expect("a time")
    }

    /// Opens a file.
    #[track_caller]
    pub(crate) fn open_file(&mut self, path: &Path) -> f64 {
        self.open(&format!("file://{}", path.display()))
    }

    /// The value of an expression.
    #[track_caller]
    pub(crate) fn eval(&mut self, script: &str) -> Value {
        let params = json!({"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true});
        let found = self.call("Runtime.evaluate", params);
        assert!(found["exceptionDetails"].is_null(), "{script}: {}", found["exceptionDetails"]);
        found["result"]["value"].clone()
    }

    /// The page as wide and high as said, in light or dark.
    pub(crate) fn look(&mut self, (width, height): (u32, u32), scheme: &str) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let media = json!({"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", media);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            _ => (0, ""),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// A picture of what is seen, as PNG.
    pub(crate) fn picture(&mut self, path: &Path) {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png", "optimizeForSpeed": false}));
        let text = shot["data"].as_str().expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).expect("room");
    }

    /// Events of a kind since the page was opened.
    pub(crate) fn happened(&mut self, method: &str) -> Vec<Value> {
        // What is still on its way comes before the answer to this.
        self.eval("1");
        self.events.iter().filter(|event| event["method"] == method).map(|event| event["params"].clone()).collect()
    }
}
