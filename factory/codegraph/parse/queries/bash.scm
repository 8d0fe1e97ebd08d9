(function_definition name: (word) @name body: (_) @body) @function
(variable_assignment name: (variable_name) @name) @variable

(command name: (command_name (word) @_source) . argument: [(word) (string) (raw_string) (concatenation)] @import
  (#any-of? @_source "source" "."))

(command name: (command_name (word) @call))
