(function_item name: (identifier) @name body: (_) @body) @function
(function_signature_item name: (identifier) @name) @function
(struct_item name: (type_identifier) @name body: (field_declaration_list)? @body) @struct
(enum_item name: (type_identifier) @name body: (_) @body) @enum
(union_item name: (type_identifier) @name body: (_) @body) @union
(trait_item name: (type_identifier) @name body: (_) @body) @trait
(impl_item type: [
  (type_identifier) @name
  (scoped_type_identifier name: (type_identifier) @name)
  (generic_type type: [(type_identifier) @name (scoped_type_identifier name: (type_identifier) @name)])
  (reference_type type: (type_identifier) @name)]) @scope
(mod_item name: (identifier) @name body: (_) @body) @module
(macro_definition name: (identifier) @name) @macro
(const_item name: (identifier) @name) @constant
(static_item name: (identifier) @name) @variable
(type_item name: (type_identifier) @name) @type
(associated_type name: (type_identifier) @name) @type
(field_declaration name: (field_identifier) @name) @field
(enum_variant name: (identifier) @name) @constant

(use_declaration) @import
(extern_crate_declaration) @import
(mod_item !body) @import

(call_expression function: [
  (identifier) @call
  (field_expression field: (field_identifier) @call)
  (scoped_identifier name: (identifier) @call)
  (generic_function function: [
    (identifier) @call
    (field_expression field: (field_identifier) @call)
    (scoped_identifier name: (identifier) @call)])])
(macro_invocation macro: [(identifier) @call (scoped_identifier name: (identifier) @call)])
(impl_item trait: [
  (type_identifier) @base
  (scoped_type_identifier name: (type_identifier) @base)
  (generic_type type: [(type_identifier) @base (scoped_type_identifier name: (type_identifier) @base)])])
(trait_item bounds: (trait_bounds [
  (type_identifier) @base
  (scoped_type_identifier name: (type_identifier) @base)
  (generic_type type: [(type_identifier) @base (scoped_type_identifier name: (type_identifier) @base)])]))
(scoped_identifier path: [(identifier) @mention (scoped_identifier name: (identifier) @mention)])
(type_identifier) @mention
