//! Which data the first part does not need.
//!
//! The linker writes down what each piece of data is called, where it lies, and what refers to it (`--emit-relocs`). Data
//! that no function of the first part refers to, and no data that one of them refers to, can come with the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Result, anyhow};
use wasmparser::{Data, DataKind, Linking, Operator, Parser, Payload, RelocationType, SymbolInfo};

/// What data is aligned to at most.
const ALIGNMENT: u32 = 16;

/// The pieces of data of a linked module.
pub struct Pieces {
    /// Where each lies in memory, by its place. Several symbols may share a place; none overlaps another one in part.
    pieces: BTreeMap<u32, u32>,
    /// The pieces that a piece points to, by the places of both.
    points_to: BTreeMap<u32, BTreeSet<u32>>,
    /// Numbers in code that stand for a piece though they lie outside it: an index that begins above 0 is folded into them.
    strays: Vec<(Range<u32>, u32)>,
    /// The segments, by their place.
    segments: BTreeMap<u32, Vec<u8>>,
}

impl Pieces {
    /// Reads a module as the linker has written it.
    pub fn read(linked: &[u8]) -> Result<Pieces> {
        let mut segments = Vec::new();
        let mut data_section = None;
        let mut code_section = None;
        let (mut linking, mut relocations) = (None, Vec::new());
        for (index, payload) in (0..).zip(sections(linked)) {
            match payload? {
                Payload::DataSection(reader) => {
                    data_section = Some((index, reader.range().start));
                    for data in reader {
                        segments.push(segment(&data?)?);
                    }
                }
                Payload::CodeSectionStart { .. } => code_section = Some(index),
                Payload::CustomSection(custom) => match custom.as_known() {
                    wasmparser::KnownCustom::Linking(reader) => linking = Some(reader),
                    wasmparser::KnownCustom::Reloc(reader) => relocations.push(reader),
                    _ => {}
                },
                _ => {}
            }
        }
        let linking = linking.ok_or_else(|| anyhow!("the module was linked without --emit-relocs"))?;
        let (data_section, data_start) = data_section.ok_or_else(|| anyhow!("the module has no data"))?;
        let symbols = symbols(linking, &segments)?;
        let mut pieces = Pieces {
            pieces: BTreeMap::new(),
            points_to: BTreeMap::new(),
            strays: Vec::new(),
            segments: segments.iter().map(|(place, _, bytes)| (*place, bytes.to_vec())).collect(),
        };
        pieces.lay_out(symbols.iter().flatten());
        for reader in relocations {
            let section = reader.section_index();
            for entry in reader.entries() {
                let entry = entry?;
                let Some(Some(symbol)) = symbols.get(entry.index as usize) else {
                    continue;
                };
                let target = pieces.at(symbol.start);
                let number = (i64::from(symbol.start) + entry.addend) as u32;
                match entry.ty {
                    RelocationType::MemoryAddrI32 if section == data_section => {
                        let from = place_of(data_start + entry.offset as usize, &segments)?;
                        if let (Some(from), Some(target)) = (pieces.at(from), target) {
                            pieces.points_to.entry(from).or_default().insert(target);
                        }
                    }
                    RelocationType::MemoryAddrLeb | RelocationType::MemoryAddrSleb if Some(section) == code_section => {
                        if let Some(target) = target.filter(|_| !symbol.contains(&number)) {
                            let between = number.min(symbol.start)..number.max(symbol.start) + 1;
                            pieces.strays.push((between, target));
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(pieces)
    }

    /// Makes pieces of symbols, those that overlap one piece together.
    fn lay_out<'a>(&mut self, symbols: impl Iterator<Item = &'a Range<u32>>) {
        let mut all: Vec<&Range<u32>> = symbols.filter(|symbol| !symbol.is_empty()).collect();
        all.sort_by_key(|symbol| (symbol.start, symbol.end));
        let mut last: Option<Range<u32>> = None;
        for symbol in all {
            match &mut last {
                Some(piece) if symbol.start < piece.end => piece.end = piece.end.max(symbol.end),
                _ => {
                    self.pieces.extend(last.map(|piece| (piece.start, piece.end)));
                    last = Some(symbol.clone());
                }
            }
        }
        self.pieces.extend(last.map(|piece| (piece.start, piece.end)));
    }

    /// The piece that a place lies in.
    fn at(&self, place: u32) -> Option<u32> {
        let (start, end) = self.pieces.range(..=place).next_back()?;
        (place < *end).then_some(*start)
    }

    /// The bytes of a piece, as the linker wrote them.
    pub fn bytes(&self, range: &Range<u32>) -> Option<&[u8]> {
        let (start, bytes) = self.segments.range(..=range.start).next_back()?;
        bytes.get((range.start - start) as usize..(range.end - start) as usize)
    }

    /// The pieces that no code needs that has these numbers in it, those that lie beside each other as one.
    pub fn unneeded(&self, numbers: &BTreeSet<u32>) -> Vec<Range<u32>> {
        let mut next: Vec<u32> = numbers.iter().filter_map(|number| self.at(*number)).collect();
        let stray = |(between, _): &&(Range<u32>, u32)| numbers.range(between.clone()).next().is_some();
        next.extend(self.strays.iter().filter(stray).map(|(_, target)| *target));
        let mut needed = BTreeSet::new();
        while let Some(piece) = next.pop() {
            if needed.insert(piece) {
                next.extend(self.points_to.get(&piece).into_iter().flatten());
            }
        }
        let mut unneeded: Vec<Range<u32>> = Vec::new();
        let mut is_after_needed = true;
        for (start, end) in &self.pieces {
            if needed.contains(start) {
                is_after_needed = true;
                continue;
            }
            match unneeded.last_mut() {
                // Between them is what aligns the second one.
                Some(last) if !is_after_needed && start - last.end < ALIGNMENT => last.end = *end,
                _ => unneeded.push(*start..*end),
            }
            is_after_needed = false;
        }
        unneeded
    }
}

/// The sections of a module in their order, without what is inside the code section.
fn sections(wasm: &[u8]) -> impl Iterator<Item = wasmparser::Result<Payload<'_>>> {
    Parser::new(0).parse_all(wasm).filter(|payload| {
        !matches!(payload, Ok(Payload::CodeSectionEntry(_) | Payload::Version { .. } | Payload::End(_)))
    })
}

/// Where a segment lies in memory, where in the module, and its bytes.
type Segment<'a> = (u32, usize, &'a [u8]);

fn segment<'a>(data: &Data<'a>) -> Result<Segment<'a>> {
    let DataKind::Active { offset_expr, .. } = &data.kind else {
        return Err(anyhow!("a data segment is passive"));
    };
    let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
        return Err(anyhow!("a data segment lies where no constant says"));
    };
    Ok((value as u32, data.range.end - data.data.len(), data.data))
}

/// The place in memory of a byte of the module that lies in a segment.
fn place_of(byte: usize, segments: &[Segment]) -> Result<u32> {
    let of = |(place, at, bytes): &Segment| (*at..at + bytes.len()).contains(&byte).then(|| place + (byte - at) as u32);
    segments.iter().find_map(of).ok_or_else(|| anyhow!("a relocation lies in no data segment"))
}

/// Where each symbol lies in memory; those that are no data, or none of this module, have no place.
fn symbols(linking: wasmparser::LinkingSectionReader, segments: &[Segment]) -> Result<Vec<Option<Range<u32>>>> {
    let mut all = Vec::new();
    for part in linking.subsections() {
        let Linking::SymbolTable(table) = part? else {
            continue;
        };
        for symbol in table {
            let SymbolInfo::Data { symbol: Some(defined), .. } = symbol? else {
                all.push(None);
                continue;
            };
            // What begins as zero has no segment in the module.
            all.push(segments.get(defined.index as usize).map(|(place, ..)| {
                let start = place + defined.offset;
                start..start + defined.size
            }));
        }
    }
    Ok(all)
}
