//! A name server (RFC 1035) with SRV records only.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The priority, weight, port and target of a record (RFC 2782).
pub(crate) type Srv = (u16, u16, u16, &'static str);

/// The response for a name without records (RFC 1035 §4.1.1).
#[derive(Clone, Copy)]
pub(crate) enum Unknown {
    /// The name does not exist.
    NoName = 3,
    /// The server itself failed.
    Failure = 2,
    /// No response is sent.
    Silence = -1,
}

pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    pub(crate) async fn start(records: &[(&str, &[Srv])], unknown: Unknown) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let known: HashMap<String, Vec<Srv>> =
            records.iter().map(|(name, records)| ((*name).to_owned(), records.to_vec())).collect();
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let (name, question) = question(&query[..length]);
                log.lock().unwrap().push(name.clone());
                let found = known.get(&name).map_or(&[][..], Vec::as_slice);
                if found.is_empty() && matches!(unknown, Unknown::Silence) {
                    continue;
                }
                let code = if found.is_empty() { unknown as i32 as u8 } else { 0 };
                let answer = answer(&query[..2], code, question, found);
                socket.send_to(&answer, client).await.unwrap();
            }
        });
        Self { address, asked, task }
    }

    /// The names that were looked up.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The name in a query, and the bytes of the question.
fn question(query: &[u8]) -> (String, &[u8]) {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_lowercase());
        at = end;
    }
    // The type of SRV records is 33.
    assert_eq!(query[at + 1..at + 5], [0, 33, 0, 1]);
    (labels.join("."), &query[12..at + 5])
}

fn answer(id: &[u8], code: u8, question: &[u8], records: &[Srv]) -> Vec<u8> {
    let mut answer = id.to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    answer.extend(question);
    for (priority, weight, port, target) in records {
        let mut data: Vec<u8> =
            [priority, weight, port].into_iter().flat_map(|number| number.to_be_bytes()).collect();
        for label in target.split('.').filter(|label| !label.is_empty()) {
            data.push(label.len() as u8);
            data.extend(label.as_bytes());
        }
        data.push(0);
        // The name in the question, SRV, Internet, valid for a minute.
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
        answer.extend(data);
    }
    answer
}
