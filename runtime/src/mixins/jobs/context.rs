//! What a job sees of the runtime.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_PROGRESS;
use crate::error::{Code, Rejection};
use crate::object::{HasOrigin, Origin, ProcessContext, storage_error};
use crate::rpc::WireError;
use crate::state::{Stateful, encode};

/// The context of a job: that of a process, and what belongs to the job.
pub struct JobContext<S: Stateful> {
    process: ProcessContext<S>,
}

impl<S: Stateful> JobContext<S> {
    #[doc(hidden)]
    pub fn new(process: ProcessContext<S>) -> Self {
        Self { process }
    }

    /// The job's id.
    pub fn job_id(&self) -> &str {
        self.process.job().map_or("", |job| &*job.id)
    }

    /// 1 for the first run, then one more each: after a crash, and after an error that may be tried again.
    pub fn attempt(&self) -> u32 {
        self.process.job().map_or(1, |job| job.attempt)
    }

    /// Tells how far the job is: to `jobs.get`, to who listens to `jobs.changed`, and to the next run, if this one does not
    /// come to its end. On disk when it returns.
    ///
    /// # Errors
    ///
    /// The job was cancelled, or runs again elsewhere (`jobs.not_found`); the value cannot be encoded (`state.unstorable`) or
    /// is longer than 64 KiB (`too_large`).
    pub async fn progress<T: Serialize + ?Sized>(&self, progress: &T) -> Result<(), Rejection> {
        let Some(job) = self.process.job() else {
            return Ok(());
        };
        let progress =
            encode("progress", progress).map_err(|fault| Rejection::new(storage_error(&fault)))?;
        if progress.len() > MAX_PROGRESS {
            let message = format!(
                "a progress of {} bytes is longer than {MAX_PROGRESS}: store it, and tell where it is",
                progress.len()
            );
            let error = WireError::framework(Code::TooLarge, message);
            return Err(Rejection::new(Box::new(error)));
        }
        let progress = String::from_utf8(progress).unwrap_or_default();
        let mut params = Vec::new();
        let parts = serde_json::value::RawValue::from_string(progress).and_then(|progress| {
            serde_json::to_writer(&mut params, &(&*job.id, job.attempt, progress))
        });
        if let Err(fault) = parts {
            let error = WireError::framework(Code::Internal, fault.to_string());
            return Err(Rejection::new(Box::new(error)));
        }
        let told = (job.keeper)("report", params.into()).await;
        told.map(drop).map_err(Rejection::new)
    }

    /// What the run before this one told last; `None` in the first run, if it told nothing, and if that was something else.
    pub fn last_progress<T: DeserializeOwned>(&self) -> Option<T> {
        let job = self.process.job()?;
        serde_json::from_str(job.progress.as_ref()?).ok()
    }
}

impl<S: Stateful> Deref for JobContext<S> {
    type Target = ProcessContext<S>;

    fn deref(&self) -> &ProcessContext<S> {
        &self.process
    }
}

impl<S: Stateful> HasOrigin for JobContext<S> {
    fn origin(&self) -> Origin {
        self.process.origin()
    }
}

impl<S: Stateful> fmt::Debug for JobContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("job", &self.job_id())
            .field("process", &self.process)
            .finish()
    }
}
