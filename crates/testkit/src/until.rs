use std::time::{Duration, Instant};

/// Between two questions: what another process does takes longer, and has the machine meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer, for what nobody tells of when it comes; none once `patience` is over.
pub fn until<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || begun.elapsed() > patience {
            return answer;
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_once_at_least_and_no_longer_than_wanted() {
        let mut asked = 0;
        let mut third = || {
            asked += 1;
            (asked == 3).then_some(asked)
        };
        assert_eq!(until(Duration::from_secs(60), &mut third), Some(3));
        assert_eq!(until(Duration::ZERO, || Some(1)), Some(1));
        assert_eq!(until(Duration::from_millis(1), || None::<u8>), None);
    }
}
