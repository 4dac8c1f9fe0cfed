//! The two parts of a module.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use anyhow::{Result, bail};
use walrus::ir::{self, Instr, Value, Visitor, dfs_in_order};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind,
    ImportId, ImportedFunction, Module, RefType, TableId, ValType,
};

use crate::data::Pieces;

/// The export that brings the rest, synchronously. What it calls stays in the first part.
const BRING: &str = "bring_rest";
/// The name under which the rest imports everything.
const FIRST: &str = "first";
/// A function of at most so many instructions stays: its door would not be much smaller.
const SMALL: u64 = 6;

/// What became of a module.
pub struct Parts {
    /// What a first view needs.
    pub first_part: Module,
    /// What it does not need.
    pub rest_part: Module,
    /// How many functions are in the first part, without doors.
    pub kept: usize,
    /// How many are in the rest.
    pub moved: usize,
    /// How many of these can be reached from the first part.
    pub doors: usize,
    /// How many functions the rest takes from the first part.
    pub shared: usize,
    /// How many bytes of data are in the rest.
    pub bytes: usize,
}

/// Divides a module, which `read` gives as often as it is asked, by the numbers of the functions that `ran` and the pieces
/// of data that they refer to. The rest is the one of a `level`, which its names begin with: a first part that has a rest
/// of level 2 can be divided again, into one that has rests of level 1 and 2.
pub fn divide(read: impl Fn() -> Result<Module>, ran: &BTreeSet<usize>, pieces: &Pieces, level: i32) -> Result<Parts> {
    let mut first = read()?;
    let moved = what_moves(&first, ran)?;
    let shared = what_is_shared(&first, &moved);
    let doors = make_first(&mut first, &moved, &shared, level)?;
    let data = take_data(&mut first, pieces)?;
    let bytes = data.iter().map(|(_, bytes)| bytes.len()).sum();
    // An id belongs to one copy of the module; the numbers are the same in all.
    let mut rest = read()?;
    let ids: HashMap<usize, FunctionId> = rest.funcs.iter().map(|it| (it.id().index(), it.id())).collect();
    let of_rest = |id: &FunctionId| ids[&id.index()];
    let in_rest = |all: &BTreeSet<FunctionId>| all.iter().map(of_rest).collect();
    let of_doors = doors.iter().map(of_rest).collect();
    make_rest(&mut rest, &in_rest(&moved), &in_rest(&shared), of_doors, data, level)?;
    let kept = first.funcs.iter_local().count() - doors.len();
    Ok(Parts {
        first_part: first,
        rest_part: rest,
        kept,
        moved: moved.len(),
        doors: doors.len(),
        shared: shared.len(),
        bytes,
    })
}

/// The functions that move to the rest.
fn what_moves(module: &Module, ran: &BTreeSet<usize>) -> Result<BTreeSet<FunctionId>> {
    let mut stays = BTreeSet::new();
    let mut next = vec![module.exports.get_func(BRING)?];
    next.extend(module.start);
    while let Some(id) = next.pop() {
        if stays.insert(id) {
            next.extend(functions_of(module, id));
        }
    }
    stays.extend(module.funcs.iter_local().map(|(id, _)| id).filter(|id| ran.contains(&id.index())));
    // Small ones stay where there would be a door to them.
    let from_tables = module.elements.iter().flat_map(|element| match &element.items {
        ElementItems::Functions(all) => all.clone(),
        ElementItems::Expressions(..) => Vec::new(),
    });
    let reached: BTreeSet<FunctionId> =
        stays.iter().flat_map(|id| functions_of(module, *id)).chain(from_tables).collect();
    let is_small = |id: &FunctionId| match &module.funcs.get(*id).kind {
        FunctionKind::Local(function) => function.size() <= SMALL && functions_of(module, *id).is_empty(),
        _ => false,
    };
    stays.extend(reached.into_iter().filter(is_small));
    Ok(module.funcs.iter_local().map(|(id, _)| id).filter(|id| !stays.contains(id)).collect())
}

/// The functions that stay and are called by some that move.
fn what_is_shared(module: &Module, moved: &BTreeSet<FunctionId>) -> BTreeSet<FunctionId> {
    moved.iter().flat_map(|id| functions_of(module, *id)).filter(|id| !moved.contains(id)).collect()
}

/// The functions that a function names.
fn functions_of(module: &Module, id: FunctionId) -> Vec<FunctionId> {
    struct Named(Vec<FunctionId>);
    impl Visitor<'_> for Named {
        fn visit_function_id(&mut self, function: &FunctionId) {
            self.0.push(*function);
        }
    }
    let mut named = Named(Vec::new());
    if let FunctionKind::Local(function) = &module.funcs.get(id).kind {
        dfs_in_order(&mut named, function, function.entry_block());
    }
    named.0
}

/// Leaves in a module what stays, with doors to what moved. Gives the functions behind the doors, in the order of the table.
fn make_first(
    module: &mut Module,
    moved: &BTreeSet<FunctionId>,
    shared: &BTreeSet<FunctionId>,
    level: i32,
) -> Result<Vec<FunctionId>> {
    let bring = module.exports.get_func(BRING)?;
    let table = module.tables.add_local(false, 0, None, RefType::FUNCREF);
    let here = module.globals.add_local(ValType::I32, true, false, ConstExpr::Value(Value::I32(0)));
    for id in moved {
        let door = door(module, module.funcs.get(*id).ty(), Door { bring, table, here, level });
        module.funcs.get_mut(*id).kind = FunctionKind::Local(door);
    }
    for (name, item) in shared_items(module, shared, level) {
        module.exports.add(&name, item);
    }
    module.exports.add(&doors_of(level), table);
    module.exports.add(&format!("here{level}"), here);
    walrus::passes::gc::run(module);

    let doors: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).filter(|id| moved.contains(id)).collect();
    for (place, id) in doors.iter().enumerate() {
        let function = module.funcs.get_mut(*id).kind.unwrap_local_mut();
        let entry = function.entry_block();
        // The level stands in a block of its own.
        let number = function.block_mut(entry).instrs.iter_mut().rev().find_map(|(instr, _)| match instr {
            Instr::Const(number) => Some(number),
            _ => None,
        });
        number.expect("a door names its place").value = Value::I32(place as i32);
    }
    let table = module.tables.get_mut(table);
    (table.initial, table.maximum) = (doors.len() as u64, Some(doors.len() as u64));
    Ok(doors)
}

struct Door {
    bring: FunctionId,
    table: TableId,
    here: walrus::GlobalId,
    level: i32,
}

/// How the table of doors is called.
fn doors_of(level: i32) -> String {
    format!("doors{level}")
}

/// A function that has the rest brought if it is not there, and calls the one at a place that is set later.
fn door(module: &mut Module, ty: walrus::TypeId, parts: Door) -> walrus::LocalFunction {
    let (params, results) = (module.types.params(ty).to_vec(), module.types.results(ty).to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let locals: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
    let mut body = builder.func_body();
    body.global_get(parts.here).unop(ir::UnaryOp::I32Eqz).if_else(
        None,
        |then| {
            then.i32_const(parts.level).call(parts.bring);
        },
        |_| {},
    );
    for local in &locals {
        body.local_get(*local);
    }
    body.i32_const(0).call_indirect(ty, parts.table);
    builder.local_func(locals)
}

/// Takes the data out of the first part that nothing in it refers to. Gives it with its places.
fn take_data(module: &mut Module, pieces: &Pieces) -> Result<Vec<(u32, Vec<u8>)>> {
    /// The numbers that a function could use as a place in memory.
    #[derive(Default)]
    struct Numbers(BTreeSet<u32>);
    impl Visitor<'_> for Numbers {
        fn visit_const(&mut self, number: &ir::Const) {
            if let Value::I32(number) = number.value {
                self.0.insert(number as u32);
            }
        }
        fn visit_load(&mut self, load: &ir::Load) {
            self.0.insert(load.arg.offset as u32);
        }
        fn visit_store(&mut self, store: &ir::Store) {
            self.0.insert(store.arg.offset as u32);
        }
    }
    let mut numbers = Numbers::default();
    for (_, function) in module.funcs.iter_local() {
        dfs_in_order(&mut numbers, function, function.entry_block());
    }
    let mut taken = Vec::new();
    for range in pieces.unneeded(&numbers.0) {
        let Some(written) = pieces.bytes(&range) else { continue };
        let bytes = clear(module, &range, written)?;
        // What is zero is zero already.
        if bytes.iter().any(|byte| *byte != 0) {
            taken.push((range.start, bytes));
        }
    }
    Ok(taken)
}

/// Clears a range of the data, and gives what was there: what the linker wrote, or zeros where it has been cleared before.
fn clear(module: &mut Module, range: &Range<u32>, written: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = vec![0; written.len()];
    let all: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in all {
        let data = module.data.get_mut(id);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
            bail!("a data segment lies where no constant says");
        };
        let start = start as u32;
        let end = start + data.value.len() as u32;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from >= to {
            continue;
        }
        let inside = &mut data.value[(from - start) as usize..(to - start) as usize];
        let place = (from - range.start) as usize..(to - range.start) as usize;
        if inside.iter().zip(&written[place.clone()]).any(|(byte, written)| byte != written && *byte != 0) {
            bail!("the data at {from} is not as it was linked");
        }
        bytes[place].copy_from_slice(inside);
        inside.fill(0);
    }
    Ok(bytes)
}

/// What the rest takes from the first part, by the names that both give to it.
fn shared_items(module: &Module, shared: &BTreeSet<FunctionId>, level: i32) -> Vec<(String, ExportItem)> {
    let name = |kind: &str, index: usize| format!("{kind}{level}_{index}");
    let mut items = Vec::new();
    items.extend(shared.iter().enumerate().map(|(n, id)| (short(level, n), ExportItem::Function(*id))));
    items.extend(module.memories.iter().map(|it| (name("m", it.id().index()), ExportItem::Memory(it.id()))));
    items.extend(module.tables.iter().map(|it| (name("t", it.id().index()), ExportItem::Table(it.id()))));
    items.extend(module.globals.iter().map(|it| (name("g", it.id().index()), ExportItem::Global(it.id()))));
    items
}

/// A short name for a number.
fn short(level: i32, mut number: usize) -> String {
    let mut name = level.to_string();
    loop {
        name.push(char::from_digit((number % 36) as u32, 36).unwrap_or_default());
        number /= 36;
        if number == 0 {
            return name;
        }
    }
}

/// Leaves in a module what moved, and takes all else from the first part.
fn make_rest(
    module: &mut Module,
    moved: &BTreeSet<FunctionId>,
    shared: &BTreeSet<FunctionId>,
    doors: Vec<FunctionId>,
    data: Vec<(u32, Vec<u8>)>,
    level: i32,
) -> Result<()> {
    module.start = None;
    delete_all(module.exports.iter().map(|it| it.id()).collect(), |id| module.exports.delete(id));
    delete_all(module.data.iter().map(|it| it.id()).collect(), |id| module.data.delete(id));
    delete_all(module.elements.iter().map(|it| it.id()).collect(), |id| module.elements.delete(id));

    // An import that the whole had becomes one of the first part, like what stays.
    let imports: Vec<ImportId> = module.imports.iter().map(|it| it.id()).collect();
    let items = shared_items(module, shared, level);
    let mut taken = HashMap::new();
    for (name, item) in &items {
        let import = match *item {
            ExportItem::Function(id) => {
                let ty = module.funcs.get(id).ty();
                let import = module.imports.add(FIRST, name, id);
                module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
                import
            }
            ExportItem::Memory(id) => {
                let import = module.imports.add(FIRST, name, id);
                let memory = module.memories.get_mut(id);
                memory.import = Some(import);
                memory.data_segments.clear();
                import
            }
            ExportItem::Table(id) => {
                let import = module.imports.add(FIRST, name, id);
                let table = module.tables.get_mut(id);
                table.import = Some(import);
                table.elem_segments.clear();
                import
            }
            ExportItem::Global(id) => {
                let import = module.imports.add(FIRST, name, id);
                module.globals.get_mut(id).kind = GlobalKind::Import(import);
                import
            }
            ExportItem::Tag(_) => continue,
        };
        taken.insert(name, import);
    }
    delete_all(imports, |id| module.imports.delete(id));
    delete_unshared(module, moved, shared);

    let memory = module.memories.iter().next().map(|memory| memory.id());
    for (place, bytes) in data {
        let offset = ConstExpr::Value(Value::I32(place as i32));
        let Some(memory) = memory else { bail!("the module has no memory") };
        let id = module.data.add(DataKind::Active { memory, offset }, bytes);
        module.memories.get_mut(memory).data_segments.insert(id);
    }
    let size = doors.len() as u64;
    let (table, _) = module.add_import_table(FIRST, &doors_of(level), false, size, Some(size), RefType::FUNCREF);
    let offset = ConstExpr::Value(Value::I32(0));
    let filled = ElementKind::Active { table, offset };
    let element = module.elements.add(filled, ElementItems::Functions(doors));
    module.tables.get_mut(table).elem_segments.insert(element);
    walrus::passes::gc::run(module);
    Ok(())
}

/// Removes the functions that neither moved nor are taken from the first part: nothing in the rest names them.
fn delete_unshared(module: &mut Module, moved: &BTreeSet<FunctionId>, shared: &BTreeSet<FunctionId>) {
    let all = module.funcs.iter().map(|it| it.id()).collect();
    delete_all(all, |id| {
        if !moved.contains(&id) && !shared.contains(&id) {
            module.funcs.delete(id);
        }
    });
}

fn delete_all<T>(ids: Vec<T>, delete: impl FnMut(T)) {
    ids.into_iter().for_each(delete);
}
