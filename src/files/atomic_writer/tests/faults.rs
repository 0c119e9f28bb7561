//! Writes that fail, or are cut off, at each of their steps.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rustix::io::Errno;

use super::volume::{generations, listing, visible, volume};
use super::{AtomicWriter, Step, first, second, third};

/// The hook's calls during a write of `third` over `second` over `first`.
fn steps_of_a_write() -> Vec<Step> {
    let (_directory, writer) = volume();
    writer.write(&first()).expect("writes");
    writer.write(&second()).expect("writes");
    let mut steps = Vec::new();
    let mut hook = |step| {
        steps.push(step);
        Ok(())
    };
    writer.write_in_steps(&third(), &mut hook).expect("writes");
    steps
}

#[test]
fn an_error_at_any_step_leaves_a_whole_generation_and_nothing_half_written() {
    let steps = steps_of_a_write();
    assert!(
        Step::ALL.iter().all(|step| steps.contains(step)),
        "{steps:?}"
    );
    for (index, failing) in steps.iter().copied().enumerate() {
        let (directory, writer) = volume();
        writer.write(&first()).expect("writes");
        writer.write(&second()).expect("writes");
        let mut calls = 0..;
        let mut hook = |_| match calls.next() {
            Some(call) if call == index => Err(Errno::NOSPC.into()),
            _ => Ok(()),
        };
        let error = writer
            .write_in_steps(&third(), &mut hook)
            .expect_err("fails");
        assert!(
            error.step == failing && error.is_full(),
            "{index}: {error:?}"
        );
        let switched = steps[..index].contains(&Step::Switch);
        let current = if switched { third() } else { second() };
        let data = directory
            .path()
            .join("..data")
            .canonicalize()
            .expect("a generation");
        assert_eq!(visible(&data), current, "{index}: {failing:?}");
        if !switched {
            assert_eq!(visible(directory.path()), second(), "{index}: {failing:?}");
            assert!(
                !directory.path().join("..generation-3").exists(),
                "{index}: {failing:?}"
            );
            assert!(writer.has_complete_generation(), "{index}: {failing:?}");
        }
        writer.write(&third()).expect("writes");
        assert_eq!(visible(directory.path()), third(), "{index}: {failing:?}");
        assert_eq!(generations(directory.path()), 2, "{index}: {failing:?}");
    }
}

#[test]
fn a_crash_at_any_step_is_mended_when_the_volume_is_opened() {
    let steps = steps_of_a_write();
    for index in 0..steps.len() {
        let (directory, writer) = volume();
        writer.write(&first()).expect("writes");
        writer.write(&second()).expect("writes");
        // Unwinding past the writer leaves the volume as SIGKILL would.
        let mut calls = 0..;
        let mut hook = |_| match calls.next() {
            Some(call) if call == index => resume_unwind(Box::new(())),
            _ => Ok(()),
        };
        catch_unwind(AssertUnwindSafe(|| {
            writer.write_in_steps(&third(), &mut hook)
        }))
        .expect_err("unwinds");
        let writer = AtomicWriter::open(directory.path()).expect("opens");
        let switched = steps[..index].contains(&Step::Switch);
        let current = if switched { third() } else { second() };
        assert_eq!(visible(directory.path()), current, "{index}");
        assert!(writer.has_complete_generation(), "{index}");
        assert!(!listing(directory.path()).contains("_tmp"), "{index}");
        writer.write(&third()).expect("writes");
        assert_eq!(visible(directory.path()), third(), "{index}");
        assert_eq!(generations(directory.path()), 2, "{index}");
    }
}
