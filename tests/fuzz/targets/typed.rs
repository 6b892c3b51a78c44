//! Frames of a binary protocol: read as they are written, or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stayput::socket::{Frame, TypedFrame, TypedFrameError};

fuzz_target!(|data: &[u8]| {
    let frame = Frame::from(data.to_vec());
    match TypedFrame::read(&frame) {
        Ok(read) => assert_eq!(Frame::from(read), frame, "nothing is lost or added"),
        Err(TypedFrameError::Short { length }) => assert!(length == data.len() && length < 5),
        Err(TypedFrameError::Length { said, follow }) => {
            assert!(follow + 5 == data.len() && u64::from(said) != follow as u64);
        }
        Err(fault) => panic!("{fault}"),
    }
    let error = TypedFrame::new(4, data.to_vec());
    assert_eq!(TypedFrame::read(&error.clone().into()), Ok(error));
});
