//! Embeds the pages that the web build left in `web/dist`; without it the binary builds too, and says what is missing.

fn main() -> std::io::Result<()> {
    // Cargo would look for changes in a folder that isn't there on every build.
    std::fs::create_dir_all("web/dist")?;
    println!("cargo::rerun-if-changed=web/dist");
    Ok(())
}
