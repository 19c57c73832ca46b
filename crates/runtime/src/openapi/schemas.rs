//! The schemas of what is read and written, by name.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A schema that is resolved once its document is built.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// The schema of a type.
    Of(fn(&mut SchemaGenerator) -> Schema),
    /// The schema of a merge patch of a type: no field is required.
    PatchOf { name: String, whole: fn(&mut SchemaGenerator) -> Schema },
    /// This schema.
    Is(Schema),
}

impl Shape {
    pub(super) fn of<T: JsonSchema>() -> Self {
        Self::Of(SchemaGenerator::subschema_for::<T>)
    }

    pub(super) fn patch_of<T: JsonSchema>() -> Self {
        Self::PatchOf { name: format!("{}Patch", T::schema_name()), whole: T::json_schema }
    }

    fn put_into(&self, generator: &mut SchemaGenerator) -> Value {
        match self {
            Self::Of(schema) => schema(generator).into(),
            Self::PatchOf { name, whole } => {
                let mut schema = whole(generator);
                for keyword in ["required", "dependentRequired"] {
                    schema.remove(keyword);
                }
                generator.definitions_mut().insert(name.clone(), schema.into());
                json!({ "$ref": format!("{PLACE}{name}") })
            }
            Self::Is(schema) => schema.clone().into(),
        }
    }
}

/// The named schemas of a document. Read and written forms may differ, for example in the required
/// fields.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

/// The place of named schemas in the document.
const PLACE: &str = "#/components/schemas/";

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                "/components/schemas".clone_into(settings.definitions_path.to_mut());
                settings.transforms.push(Box::new(RecursiveTransform(list_words)));
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }

    /// The schema of what callers send.
    pub(super) fn read(&mut self, shape: &Shape) -> Value {
        shape.put_into(&mut self.read)
    }

    /// The schema of what callers receive.
    pub(super) fn written(&mut self, shape: &Shape) -> Value {
        shape.put_into(&mut self.written)
    }

    /// All named schemas. One whose read form differs from its written form is also listed as
    /// `…Input`, and references to it in `requests` are changed accordingly.
    pub(super) fn finish(mut self, requests: &mut [&mut Value]) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        let mut read = self.read.take_definitions(true);
        let differs = |name: &String, schema: &Value| all.get(name).is_some_and(|written| written != schema);
        let names: Vec<_> = read
            .iter()
            .filter(|(name, schema)| differs(name, schema))
            .map(|(name, _)| name.clone())
            .collect();
        for value in read.values_mut().chain(requests.iter_mut().map(|request| &mut **request)) {
            point_to_inputs(value, &names);
        }
        for (name, schema) in read {
            let name = if names.contains(&name) { format!("{name}Input") } else { name };
            all.insert(name, schema);
        }
        all
    }
}

/// Turns alternatives of described constants into a plain `enum` with one description, because many
/// tools support nothing else.
fn list_words(schema: &mut Schema) {
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let word = |choice: &Value| {
        Some((choice.get("const")?.as_str()?.to_owned(), choice.get("description").cloned()))
    };
    let Some(choices) = choices.iter().map(word).collect::<Option<Vec<_>>>() else { return };
    let described =
        choices.iter().filter_map(|(word, about)| Some(format!("- `{word}`: {}", about.as_ref()?.as_str()?)));
    let about = schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let description: Vec<_> = about.into_iter().chain([String::new()]).chain(described).collect();
    let words: Vec<_> = choices.iter().map(|(word, _)| word).collect();
    schema.insert("enum".to_owned(), json!(words));
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("description".to_owned(), json!(description.join("\n")));
    schema.remove("oneOf");
}

/// Changes references to any of `names` to the read form.
fn point_to_inputs(value: &mut Value, names: &[String]) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let named = field.as_str().and_then(|text| text.strip_prefix(PLACE));
                match named {
                    Some(name) if key == "$ref" && names.iter().any(|other| other == name) => {
                        *field = format!("{PLACE}{name}Input").into();
                    }
                    _ => point_to_inputs(field, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_to_inputs(item, names)),
        _ => {}
    }
}
