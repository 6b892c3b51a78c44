//! What talks back: a room that tells numbers to whoever listens, and an echo with a protocol of its own.

use stayput::prelude::*;

/// A number was told.
#[event(public)]
pub(crate) struct Told {
    /// Which: the first is 1, and none is left out.
    pub(crate) n: u64,
    /// As many bytes as were asked for.
    pub(crate) pad: String,
}

/// Tells numbers.
#[durable_object(events(Told))]
pub(crate) struct Room {
    told: u64,
    /// The codes of connections that have gone.
    gone: Log<u16>,
}

#[durable_object]
impl Room {
    /// Tells everyone the next number, with `pad` bytes beside it.
    #[action]
    fn tell(&mut self, cx: &mut Context<Self>, #[param(default = 0)] pad: usize) -> u64 {
        self.told += 1;
        let pad = "x".repeat(pad);
        cx.broadcast(Told { n: self.told, pad });
        self.told
    }

    /// The last number that was told.
    #[action]
    fn told(&self) -> u64 {
        self.told
    }

    /// How many connections are open.
    #[action]
    fn people(&self, cx: &Context<Self>) -> usize {
        cx.connections().len()
    }

    /// The codes of connections that have gone, in that order.
    #[action]
    fn gone(&self) -> Vec<u16> {
        self.gone.iter().map(|(_, code)| code).collect()
    }

    /// Answers after so many milliseconds.
    #[action]
    async fn wait(&self, ms: u64) -> u64 {
        tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
        ms
    }

    #[event(disconnect)]
    fn left(&mut self, gone: Disconnect) {
        self.gone.push(gone.code);
    }
}

/// Sends back what it is sent.
#[durable_object]
pub(crate) struct Echo {}

#[durable_object]
impl Echo {
    /// How many are connected.
    #[action(public)]
    fn people(&self, cx: &Context<Self>) -> usize {
        cx.connections().len()
    }

    #[event(message)]
    fn said(&mut self, cx: &mut Context<Self>, message: Incoming) {
        let Incoming { connection, frame } = message;
        connection.send(cx, frame);
    }
}
