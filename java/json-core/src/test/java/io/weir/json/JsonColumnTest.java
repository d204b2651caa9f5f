package io.weir.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.ColumnType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonColumnTest {
  private static final String COLUMN =
      """
      {"name": "a", "type": "date", "path": ["a", 0], "nullable": true, "encoding": "epoch-days"}""";

  @Test
  void aDocumentIsRead() {
    assertThat(JsonColumn.parse("[" + COLUMN + "]"))
        .containsExactly(
            new JsonColumn("a", ColumnType.DATE, List.of("a", 0), true, Encoding.EPOCH_DAYS));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "date"|"decimal"|not one of the values accepted for Enum class
          "epoch-days"|"epoch-millis"|Column 'a': the encoding EPOCH_MILLIS is not one of DATE.
          "epoch-days"|"plain"|Column 'a': the encoding PLAIN is not one of DATE.
          ["a", 0]|[]|Column 'a': its path is [], not names and positions from 0.
          ["a", 0]|["a", -1]|Column 'a': its path is [a, -1], not names and positions from 0.
          ["a", 0]|["a", 0.5]|Column 'a': its path is [a, 0.5], not names and positions from 0.
          ["a", 0]|["a", null]|Not valid columns
          ["a", 0]|null|A column has a name, a type, a path and an encoding.
          "nullable": true, ||Missing creator property 'nullable'
          {"name"|{"optional": 1, "name"|Unrecognized field "optional"
          """)
  void aWrongColumnIsNamed(String part, String wrong, String message) {
    String document = "[" + COLUMN.replace(part, wrong == null ? "" : wrong) + "]";
    assertThatThrownBy(() -> JsonColumn.parse(document))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Not valid columns")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"'[]', there is none", "'null', Not valid columns", "'{', Not valid columns"})
  void aWrongDocumentIsRefused(String document, String message) {
    assertThatThrownBy(() -> JsonColumn.parse(document))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aColumnTwiceIsRefused() {
    assertThatThrownBy(() -> JsonColumn.parse("[" + COLUMN + "," + COLUMN + "]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not valid columns: 'a' is there twice.");
  }
}
