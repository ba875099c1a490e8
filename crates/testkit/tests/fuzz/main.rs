//! Whatever a parser or decoder is given, it ends, and it does not panic. The same inputs every time; `make fuzz`
//! goes on for longer and from another seed each time.

mod flows;
mod journal;
mod language;
mod mutate;
mod random;
mod run;
mod seeds;
