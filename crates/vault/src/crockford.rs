/// Digits and letters without `i`, `l`, `o` and `u`: what is read aloud or copied by hand stays what it was.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Eight letters for every five bytes. Bytes beyond the last five are left out.
pub fn encode(bytes: &[u8]) -> String {
    bytes.chunks_exact(5).flat_map(group).collect()
}

fn group(five: &[u8]) -> [char; 8] {
    let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|at| char::from(LETTERS[(bits >> (35 - 5 * at) & 31) as usize]))
}

/// Whether the text consists of that many letters of the alphabet.
pub fn is_word(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| LETTERS.contains(&byte))
}

/// The text with what people confuse put right: case, spaces, hyphens, and the letters that are left out.
pub fn tidy(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    kept.map(|c| c.to_ascii_lowercase()).map(meant).collect()
}

fn meant(letter: char) -> char {
    match letter {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_bytes_are_eight_letters() {
        assert_eq!(encode(&[0; 5]), "00000000");
        assert_eq!(encode(&[0xff; 10]), "zzzzzzzzzzzzzzzz");
        assert_eq!(encode(&[0, 0, 0, 0, 1, 9]), "00000001");
        assert_eq!(encode(&[0x08, 0x42, 0x10, 0x84, 0x21]), "11111111");
    }

    #[test]
    fn what_was_meant_is_found() {
        assert_eq!(tidy(" OIL0-1aBc "), "01101abc");
        assert!(is_word("0123abcd", 8) && !is_word("0123abc", 8) && !is_word("0123abcu", 8) && !is_word("ééée", 8));
    }
}
