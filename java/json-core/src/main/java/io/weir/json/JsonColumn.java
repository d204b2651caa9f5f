package io.weir.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.weir.registry.ColumnType;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A column of an event, and where a record has its value.
 *
 * @param path from the record's object to the value: a {@link String} is the name of a member, an
 *     {@link Integer} the position of an element
 * @param nullable whether the value may be missing or null
 */
public record JsonColumn(
    String name, ColumnType type, List<Object> path, boolean nullable, Encoding encoding) {
  /**
   * @throws IllegalArgumentException if the path or the encoding is not valid
   */
  public JsonColumn {
    if (name == null || type == null || path == null || encoding == null) {
      throw new IllegalArgumentException("A column has a name, a type, a path and an encoding.");
    }
    path = List.copyOf(path);
    if (path.isEmpty() || !path.stream().allMatch(JsonColumn::isStep)) {
      throw new IllegalArgumentException(
          "Column '" + name + "': its path is " + path + ", not names and positions from 0.");
    }
    if (!encoding.fits(type)) {
      throw new IllegalArgumentException(
          "Column '" + name + "': the encoding " + encoding + " is not one of " + type + ".");
    }
  }

  private static boolean isStep(Object step) {
    return step instanceof String || step instanceof Integer position && position >= 0;
  }

  /**
   * Parses the catalog's document: a JSON array of columns.
   *
   * @throws IllegalArgumentException if it is not valid
   */
  public static List<JsonColumn> parse(String json) {
    try {
      JsonColumn[] columns =
          JsonMapper.builder()
              .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
              .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
              .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
              .build()
              .readValue(json, JsonColumn[].class);
      return checked(List.of(columns));
    } catch (JsonProcessingException | NullPointerException e) {
      throw new IllegalArgumentException("Not valid columns: " + e.getMessage(), e);
    }
  }

  /**
   * Returns the columns of an event.
   *
   * @throws IllegalArgumentException if there is none, or two have the same name
   */
  public static List<JsonColumn> checked(List<JsonColumn> columns) {
    if (columns.isEmpty()) {
      throw new IllegalArgumentException("Not valid columns: there is none.");
    }
    Set<String> names = new HashSet<>();
    for (JsonColumn column : columns) {
      if (!names.add(column.name)) {
        throw new IllegalArgumentException(
            "Not valid columns: '" + column.name + "' is there twice.");
      }
    }
    return columns;
  }
}
