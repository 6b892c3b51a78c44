//! Papers, whose every issue is posted after the commit and read by others.

use stayput::prelude::*;

/// An issue came out.
#[event(durable, objects)]
pub(crate) struct Issued {
    pub(crate) number: u64,
}

/// Brings out issues.
#[durable_object(defers, events(Issued))]
pub(crate) struct Paper {
    issued: u64,
    posted: Log<u64>,
}

#[durable_object]
impl Paper {
    /// Brings out the next issue.
    #[action]
    fn issue(&mut self, cx: &mut Context<Self>) -> u64 {
        self.issued += 1;
        let issued = Issued {
            number: self.issued,
        };
        cx.emit(issued.clone());
        cx.broadcast(issued);
        self.issued
    }

    #[event(Issued)]
    async fn post(this: Handle<Self>, event: Issued) -> Result<()> {
        this.atomic(|paper, _| Ok::<_, stayput::Error>(paper.posted.push(event.number)))
            .await?;
        Ok(())
    }

    /// How many came out, and what was posted.
    #[action]
    fn posted(&self) -> (u64, Vec<u64>) {
        let posted = self.posted.iter().map(|(_, number)| number);
        (self.issued, posted.collect())
    }

    /// Who reads it, what waits, and what nobody took.
    #[action]
    fn owed(&self, cx: &Context<Self>) -> (u64, u64, u64) {
        let readers = cx.subscribers().list(usize::MAX).len();
        (
            readers as u64,
            cx.outbox().count(),
            cx.dead_letters().count(),
        )
    }
}

/// Reads papers.
#[durable_object(subscribes(Issued))]
pub(crate) struct Reader {
    read: Log<(String, u64)>,
    later: Log<(String, u64)>,
}

#[durable_object]
impl Reader {
    #[action]
    fn subscribe(&mut self, cx: &mut Context<Self>, paper: String) {
        Paper::named(cx, &paper).subscribe::<Issued>(cx);
    }

    #[event(Issued, required)]
    fn reads(&mut self, cx: &mut Context<Self>, event: Issued) {
        let source = cx.event_source();
        let paper = source.as_ref().and_then(|source| source.name());
        let paper = paper.unwrap_or_default().to_owned();
        self.read.push((paper, event.number));
    }

    #[event(Issued)]
    async fn reads_later(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        event: Issued,
    ) -> Result<()> {
        let source = cx.event_source();
        let paper = source.as_ref().and_then(|source| source.name());
        let read = (paper.unwrap_or_default().to_owned(), event.number);
        this.atomic(|reader, _| Ok::<_, stayput::Error>(reader.later.push(read)))
            .await?;
        Ok(())
    }

    /// The issues of a paper that it read, and that it read after the commit.
    #[action]
    fn read(&self, paper: String) -> (Vec<u64>, Vec<u64>) {
        let of = |log: &Log<(String, u64)>| {
            let issues = log.iter().map(|(_, read)| read);
            let issues = issues.filter(|(from, _)| *from == paper);
            issues.map(|(_, number)| number).collect()
        };
        (of(&self.read), of(&self.later))
    }

    /// What waits.
    #[action]
    fn owed(&self, cx: &Context<Self>) -> (u64, u64) {
        (cx.outbox().count(), cx.dead_letters().count())
    }
}
