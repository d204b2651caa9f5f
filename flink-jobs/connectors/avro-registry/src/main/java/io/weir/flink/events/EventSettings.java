package io.weir.flink.events;

import io.weir.registry.EventLimits;
import io.weir.registry.SizeLimit;
import java.io.Serializable;
import java.util.List;

/**
 * What a table says about its events, whatever their format.
 *
 * @param idColumns the columns that identify an event; may be empty
 */
public record EventSettings(List<String> idColumns, EventLimits limits, SizeLimit sizeLimit)
    implements Serializable {
  public EventSettings {
    idColumns = List.copyOf(idColumns);
  }
}
