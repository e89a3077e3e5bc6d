//! Counting round trips on a connection from the order in which bytes pass.
//!
//! A *flight* is what one side sends before the other side's bytes reach it. A client that has to
//! wait for an answer before it can go on begins a new flight; one that sends ahead does not. Seen
//! from the client, a round trip is a flight of its own and the first bytes of the server that come
//! after it.

/// The traffic of a connection, seen from the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flights {
    client_spoke_last: bool,
    flights: u32,
    answered: u32,
    sent_bytes: u64,
    received_bytes: u64,
}

impl Flights {
    /// Counts bytes that the client sent.
    pub fn sent(&mut self, bytes: usize) {
        if !self.client_spoke_last {
            self.flights += 1;
        }
        self.client_spoke_last = true;
        self.sent_bytes += bytes as u64;
    }

    /// Counts bytes that reached the client.
    pub fn received(&mut self, bytes: usize) {
        if self.client_spoke_last {
            self.answered += 1;
        }
        self.client_spoke_last = false;
        self.received_bytes += bytes as u64;
    }

    /// The number of flights of the client.
    pub fn flights(&self) -> u32 {
        self.flights
    }

    /// The number of answered flights. The client's last flight, such as its first presence, need
    /// not be answered.
    pub fn round_trips(&self) -> u32 {
        self.answered
    }

    /// The bytes that the client sent.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// The bytes that the client received.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays `c` (client) and `s` (server) in order.
    fn play(order: &str) -> Flights {
        let mut flights = Flights::default();
        for side in order.chars() {
            match side {
                'c' => flights.sent(10),
                _ => flights.received(100),
            }
        }
        flights
    }

    #[test]
    fn bytes_in_several_pieces_are_one_flight() {
        assert_eq!(play("ccc").flights(), 1);
        assert_eq!(play("ccsssccss").flights(), 2);
        assert_eq!(play("ccsssccss").round_trips(), 2);
    }

    #[test]
    fn a_last_flight_without_an_answer_is_no_round_trip() {
        let flights = play("cscsc");
        assert_eq!(flights.flights(), 3);
        assert_eq!(flights.round_trips(), 2);
    }

    #[test]
    fn a_server_that_speaks_first_or_unasked_costs_nothing() {
        assert_eq!(play("s").round_trips(), 0);
        assert_eq!(play("scss").round_trips(), 1);
    }

    #[test]
    fn bytes_are_counted_by_side() {
        let flights = play("ccs");
        assert_eq!((flights.sent_bytes(), flights.received_bytes()), (20, 100));
    }
}
