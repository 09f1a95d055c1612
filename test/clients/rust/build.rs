/// The macros read these files, which Cargo cannot know.
fn main() {
    println!("cargo::rerun-if-changed=../../../schema.graphql");
    println!("cargo::rerun-if-changed=../operations.graphql");
}
