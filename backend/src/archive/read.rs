//! Reads an archive line by line and detects truncated or modified files.

use std::io::{BufRead, Read};

use anyhow::{Error, Result, anyhow, bail, ensure};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::lines::{End, FORMAT, Header, Line};

/// Maximum size of a line in bytes: more than the longest content with every byte escaped, and the
/// other fields.
const LINE_MAX_BYTES: u64 = 256 * 1_024;

const NOT_AN_ARCHIVE: &str = "this is not an archive of Hallway";

pub struct Reader<R> {
    input: R,
    hash: Sha256,
    /// The last line that was read, with its line end. It is not hashed until the next one is read,
    /// because the hash in the end line does not cover the end line.
    line: Vec<u8>,
    line_number: u64,
}

/// The header line of any format version.
#[derive(Deserialize)]
struct AnyHeaderLine {
    hallway: AnyHeader,
}

#[derive(Deserialize)]
struct AnyHeader {
    format: u32,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header. Fails if the input is not an archive or has another format.
    pub fn open(input: R) -> Result<(Self, Header)> {
        let mut reader = Self { input, hash: Sha256::new(), line: Vec::new(), line_number: 0 };
        reader.read_line()?;
        let Ok(AnyHeaderLine { hallway: AnyHeader { format } }) =
            serde_json::from_slice(&reader.line)
        else {
            bail!(NOT_AN_ARCHIVE);
        };
        ensure!(
            (1..=FORMAT).contains(&format),
            "this archive has format {format}, but this version of Hallway reads formats 1 to {FORMAT}: \
             use the version that wrote the archive"
        );
        match reader.parse_line()? {
            Line::Hallway(header) => Ok((reader, header)),
            _ => bail!(NOT_AN_ARCHIVE),
        }
    }

    /// The next line between header and end; `None` at a valid end.
    pub fn next_line(&mut self) -> Result<Option<Line>> {
        self.hash.update(&self.line);
        self.read_line()?;
        match self.parse_line()? {
            Line::Hallway(_) => Err(self.error("is a second header")),
            Line::End(end) => self.check_end(&end).map(|()| None),
            line => Ok(Some(line)),
        }
    }

    /// The number of the last line that was read, from 1.
    pub fn line_number(&self) -> u64 {
        self.line_number
    }

    fn read_line(&mut self) -> Result<()> {
        self.line.clear();
        self.line_number += 1;
        let mut input = Read::take(&mut self.input, LINE_MAX_BYTES);
        input.read_until(b'\n', &mut self.line)?;
        match self.line.last() {
            Some(b'\n') => Ok(()),
            _ if self.line.len() as u64 == LINE_MAX_BYTES => Err(self.error("is too long")),
            _ => Err(self.error("the archive is incomplete: it ends here")),
        }
    }

    fn parse_line(&self) -> Result<Line> {
        let mut json = serde_json::Deserializer::from_slice(&self.line);
        let line = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let message = error.inner().to_string();
            // serde_json parses one line at a time and calls each of them "line 1".
            let message = message.split(" at line 1 column").next().unwrap_or_default();
            self.error(&format!("{}: {message}", error.path()))
        })?;
        json.end().map_err(|_| self.error("has more text after the object"))?;
        Ok(line)
    }

    fn check_end(&mut self, end: &End) -> Result<()> {
        let sha256 = base16ct::lower::encode_string(&self.hash.clone().finalize());
        if end.sha256 != sha256 {
            return Err(self.error("the lines before this one were modified: their sha256 differs"));
        }
        match self.input.fill_buf()? {
            [] => Ok(()),
            _ => Err(self.error("the archive goes on after its end")),
        }
    }

    fn error(&self, text: &str) -> Error {
        anyhow!("line {}: {text}", self.line_number)
    }
}
