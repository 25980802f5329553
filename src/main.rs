//! The program `tipline`. Everything it does is in the library; see `cli` for the commands.

fn main() -> std::process::ExitCode {
    tipline::cli::run()
}
