//! Reading an archive line by line, and noticing when it is not as it was written.

use std::io::{BufRead, Read};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    failure::{Failure, Result},
    lines::{End, FORMAT, Header, Line},
    rows::hex,
};

/// A line's greatest length: the longest text with each byte of it escaped, and room for the rest.
const LINE_MAX: u64 = 256 * 1_024;

/// An archive that is read.
pub struct Archive<R> {
    input: R,
    hash: Sha256,
    text: Vec<u8>,
    /// Of the line that was read last, from 1.
    number: u64,
}

/// What any version of the format begins with.
#[derive(Deserialize)]
struct AnyLine {
    hallway: AnyHeader,
}

#[derive(Deserialize)]
struct AnyHeader {
    format: u32,
}

impl<R: BufRead> Archive<R> {
    /// Begins with the header.
    pub fn open(input: R) -> Result<(Self, Header)> {
        let mut archive = Self { input, hash: Sha256::new(), text: Vec::new(), number: 0 };
        archive.read()?;
        let Ok(AnyLine { hallway: AnyHeader { format } }) = serde_json::from_slice(&archive.text)
        else {
            return Err("this is no archive of Hallway".into());
        };
        if format != FORMAT {
            let text = format!(
                "this archive has format {format}, and this program reads format {FORMAT}: use the \
                 version of Hallway that wrote it, or a later one"
            );
            return Err(text.into());
        }
        match archive.parse()? {
            Line::Hallway(header) => Ok((archive, header)),
            _ => Err("this is no archive of Hallway".into()),
        }
    }

    /// The next line between the header and the end; none once the end was read and all is well.
    pub fn next(&mut self) -> Result<Option<Line>> {
        self.hash.update(&self.text);
        self.read()?;
        match self.parse()? {
            Line::Hallway(_) => Err(self.wrong("a second header")),
            Line::End(end) => self.end(&end).map(|()| None),
            line => Ok(Some(line)),
        }
    }

    /// Of the line that was read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    fn read(&mut self) -> Result<()> {
        self.text.clear();
        self.number += 1;
        let mut input = Read::take(&mut self.input, LINE_MAX);
        input.read_until(b'\n', &mut self.text)?;
        match self.text.last() {
            Some(b'\n') => Ok(()),
            _ if self.text.len() as u64 == LINE_MAX => Err(self.wrong("is longer than any can be")),
            _ => Err(self.wrong("the archive ends here, before its end: it is not whole")),
        }
    }

    fn parse(&self) -> Result<Line> {
        let mut json = serde_json::Deserializer::from_slice(&self.text);
        let line = serde_path_to_error::deserialize(&mut json);
        let line = line.map_err(|error| {
            // It takes the one line for all there is, and says of its place that it is in line 1.
            let said = error.inner().to_string();
            let said = said.split(" at line 1 column").next().unwrap_or_default();
            self.wrong(&format!("{}: {said}", error.path()))
        })?;
        json.end().map_err(|_| self.wrong("something comes after the object"))?;
        Ok(line)
    }

    fn end(&mut self, end: &End) -> Result<()> {
        if end.sha256 != hex(&self.hash.clone().finalize()) {
            let text = "what is before this line is not what was written: its sha256 differs";
            return Err(self.wrong(text));
        }
        match self.input.fill_buf()? {
            [] => Ok(()),
            _ => Err(self.wrong("something comes after the end")),
        }
    }

    fn wrong(&self, text: &str) -> Failure {
        Failure(format!("line {}: {text}", self.number))
    }
}
