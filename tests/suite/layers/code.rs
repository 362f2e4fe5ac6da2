//! The code as the table sees it: every file, and every path that it names.
//!
//! A file is parsed, and `use` trees, paths in the code, paths in macros and chains of `super` are resolved to where
//! they lead from the root. Types are not: a method that hands out another module's type is out of sight.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

use crate::harness::root;

/// Every file of the library and the binary.
pub(super) fn code() -> Vec<File> {
    let source = root().join("src");
    let mut files = Vec::new();
    read_folder(&source, &source, &mut files);
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

fn read_folder(source: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(source, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(source).unwrap().to_str().unwrap().replace('\\', "/");
            files.push(File::read(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A file, and what it names.
pub(super) struct File {
    /// Its place under `src`.
    pub(super) name: String,
    /// The module that it is: `["credentials", "sts"]`.
    pub(super) modules: Vec<String>,
    pub(super) inline_modules: Vec<String>,
    /// Every path that it names, from the crate's root (`crate::…`) or from another crate's.
    pub(super) paths: Vec<Vec<String>>,
    pub(super) opens_with_why: bool,
}

impl File {
    pub(super) fn read(name: &str, text: &str) -> Self {
        let mut modules: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(modules.last().map(String::as_str), Some("mod" | "lib")) {
            modules.pop();
        }
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut reader =
            Reader { at: modules.clone(), names: BTreeMap::new(), inline: Vec::new(), paths: Vec::new() };
        // Twice: a name may be used above the `use` that brings it.
        reader.visit_file(&parsed);
        reader.paths.clear();
        reader.inline.clear();
        reader.visit_file(&parsed);
        Self {
            name: name.to_owned(),
            modules,
            inline_modules: reader.inline,
            paths: reader.paths,
            opens_with_why: text.starts_with("//!"),
        }
    }

    /// The module of the table that the file belongs to; empty for the root.
    pub(super) fn module(&self) -> &str {
        self.modules.first().map_or("", String::as_str)
    }
}

/// Collects paths.
struct Reader {
    /// The module that is being read.
    at: Vec<String>,
    /// What the names that `use` brings stand for.
    names: BTreeMap<String, Vec<String>>,
    inline: Vec<String>,
    paths: Vec<Vec<String>>,
}

impl Reader {
    /// A path seen from the root: `self` and `super` resolved, names that were brought by `use` replaced.
    fn resolve(&self, path: &[String]) -> Vec<String> {
        let mut module = self.at.clone();
        let mut rest = path;
        let mut relative = false;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" if !relative => {}
                "super" => drop(module.pop()),
                _ => break,
            }
            (relative, rest) = (true, after);
        }
        if relative {
            return ["crate".to_owned()].into_iter().chain(module).chain(rest.iter().cloned()).collect();
        }
        match rest.split_first() {
            // The binary knows the library by its name.
            Some((first, after)) if first == "innkeeper" => {
                ["crate".to_owned()].into_iter().chain(after.iter().cloned()).collect()
            }
            Some((first, after)) => match self.names.get(first) {
                Some(meant) => meant.iter().chain(after).cloned().collect(),
                None => rest.to_vec(),
            },
            None => Vec::new(),
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, before)),
            syn::UseTree::Name(name) if name.ident == "self" => {
                let known_as = before.last().cloned().unwrap_or_default();
                self.bring(known_as, before);
            }
            syn::UseTree::Name(name) => self.bring(name.ident.to_string(), &with(&name.ident)),
            syn::UseTree::Rename(rename) => self.bring(rename.rename.to_string(), &with(&rename.ident)),
            syn::UseTree::Glob(_) => {
                let all: Vec<_> = before.iter().cloned().chain(["*".to_owned()]).collect();
                self.paths.push(self.resolve(&all));
            }
        }
    }

    fn bring(&mut self, known_as: String, path: &[String]) {
        let path = self.resolve(path);
        if path.len() > 1 {
            self.names.insert(known_as, path.clone());
        }
        self.paths.push(path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.inline.push(item.ident.to_string());
        }
        self.at.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.at.pop();
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push(self.resolve(&segments));
        visit::visit_path(self, path);
    }

    /// What a macro is given has no grammar: paths are looked for in its text.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string().replace(" ::", "::").replace(":: ", "::");
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for word in text.split(|c| !is_word(c)).filter(|word| word.contains("::")) {
            let segments: Vec<_> = word.split("::").filter(|it| !it.is_empty()).map(str::to_owned).collect();
            self.paths.push(self.resolve(&segments));
        }
        visit::visit_macro(self, item);
    }
}
