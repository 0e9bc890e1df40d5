//! Asks the demo through its Service, and counts who answers.

use super::super::Failure;
use super::REPLICAS;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(5);
/// The Service picks by chance: twelve questions for three pods leave one unasked 23 times in a thousand.
const FEWEST: usize = 4 * REPLICAS;
const MOST: usize = 20 * REPLICAS;
/// A pod that is ready is in the Service's rules a moment later.
const RETRIES: usize = 20;
const RETRY: Duration = Duration::from_millis(100);
const LARGEST_ANSWER: u64 = 64 << 10;

/// The first line of each pod's answers, and how often it came.
pub async fn ask_all(address: SocketAddr) -> Result<BTreeMap<String, usize>, Failure> {
    let (mut answers, mut failures) = (BTreeMap::new(), 0);
    let mut asked = 0;
    while asked < FEWEST || (answers.len() < REPLICAS && asked < MOST) {
        match timeout(PATIENCE, ask(address)).await.map_err(io::Error::from).flatten() {
            Ok(line) => {
                *answers.entry(line).or_default() += 1;
                asked += 1;
            }
            Err(error) if failures == RETRIES => return Err(Failure::new(format!("http://{}: {error}", address.ip()))),
            Err(_) => {
                failures += 1;
                sleep(RETRY).await;
            }
        }
    }
    Ok(answers)
}

async fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.take(LARGEST_ANSWER).read_to_string(&mut answer).await?;
    first_line(&answer).ok_or_else(|| io::Error::other(format!("an unexpected answer: {answer:?}")))
}

/// Of the body, where the answer is a good one.
fn first_line(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let good = head.starts_with("HTTP/1.1 200 ");
    body.lines().next().filter(|_| good).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_good_answer() {
        let check = |answer: &str, expect: Option<&str>| assert_eq!(first_line(answer).as_deref(), expect, "{answer}");
        check("HTTP/1.1 200 OK\r\na: b\r\n\r\nHello from pod x\nyou are\n", Some("Hello from pod x"));
        check("HTTP/1.1 404 Not Found\r\n\r\nno", None);
        check("HTTP/1.1 200 OK\r\n\r\n", None);
        check("", None);
    }
}
