"""The short names that PowerShell has for types, which are also what a type's text shows."""

__all__ = ["ACCELERATORS"]

ACCELERATORS: dict[str, str] = {
    "System.Array": "array",
    "System.Boolean": "bool",
    "System.Byte": "byte",
    "System.Char": "char",
    "System.Collections.Hashtable": "hashtable",
    "System.DateTime": "datetime",
    "System.Decimal": "decimal",
    "System.Double": "double",
    "System.Guid": "guid",
    "System.Int16": "short",
    "System.Int32": "int",
    "System.Int64": "long",
    "System.Management.Automation.ScriptBlock": "scriptblock",
    "System.Management.Automation.SwitchParameter": "switch",
    "System.Net.Mail.MailAddress": "mailaddress",
    "System.SByte": "sbyte",
    "System.Single": "float",
    "System.String": "string",
    "System.Text.RegularExpressions.Regex": "regex",
    "System.TimeSpan": "timespan",
    "System.UInt16": "ushort",
    "System.UInt32": "uint",
    "System.UInt64": "ulong",
    "System.Uri": "uri",
    "System.Version": "version",
    "System.Void": "void",
    "System.Xml.XmlDocument": "xml",
}
